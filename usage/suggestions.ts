import { contradicts, npiOf, type RosterPerson } from './clinician-match.ts';
import { compatible, parseName, type PersonName } from './person-name.ts';

/**
 * Builds the function that says who on the roster a written name may mean, the likeliest first, by
 * the matcher's own measure. Nobody whose NPI is another than the written one is among them.
 */
export function createSuggestions(
  roster: Iterable<RosterPerson>,
): (written: { name: string | null; npi: string | null }, limit: number) => RosterPerson[] {
  const people = [...roster].map((person) => ({ ...person, parsed: parseName(person.name) }));
  type Known = (typeof people)[number];
  const byWord = new Map<string, Known[]>();
  for (const person of people)
    for (const word of wordsOf(person.parsed)) {
      const others = byWord.get(word);
      if (others) others.push(person);
      else byWord.set(word, [person]);
    }

  return ({ name, npi }, limit) => {
    const own = npiOf(npi);
    const parsed = parseName(name ?? '');
    const words = wordsOf(parsed);
    const ref = name?.trim().toLowerCase();
    const likeness = (person: Known) => {
      if (own !== null && npiOf(person.npi) === own) return 9;
      if (parsed && person.parsed && compatible(parsed, person.parsed)) return 6;
      if (person.ref.toLowerCase() === ref) return 5;
      const shared = words.filter((word) => wordsOf(person.parsed).includes(word)).length;
      return shared + (parsed && parsed.last === person.parsed?.last ? 1 : 0);
    };
    const near = new Set(words.flatMap((word) => byWord.get(word) ?? []));
    for (const person of people)
      if ((own !== null && npiOf(person.npi) === own) || person.ref.toLowerCase() === ref)
        near.add(person);
    return [...near]
      .filter((person) => !contradicts(person, own))
      .map((person) => ({ person, like: likeness(person) }))
      .sort((a, b) => b.like - a.like || (a.person.ref < b.person.ref ? -1 : 1))
      .slice(0, limit)
      .map(({ person: { clinicianId, npi, ref, name } }) => ({ clinicianId, npi, ref, name }));
  };
}

/** The words of a name that tell people apart: initials do not. */
function wordsOf(name: PersonName | null): string[] {
  if (!name) return [];
  const all = [name.first, ...name.middle, ...name.last.split(' '), name.compact];
  return [...new Set(all)].filter((word) => word.length > 1);
}
