import type { Finding } from './finding.ts';
import { compatible, exactMiddle, parseName, type PersonName, sharesWord } from './person-name.ts';

/** One person as the roster knows them. `ref` is the practice's or the vendor's own number. */
export interface RosterPerson {
  clinicianId: string;
  npi: string | null;
  ref: string;
  name: string;
}

/** `contradicted`: a person once said who is meant, and an NPI says otherwise. */
export type Match =
  | { clinicianId: string; by: 'npi' | 'ref' | 'name' | 'person' }
  | { ambiguous: string[]; contradicted?: true }
  | { unknown: true };

/** A person as records write them, in comparable form; empty for what is not written. */
export interface PersonKey {
  name: string;
  npi: string;
}

/** Whom a name means, as a person has said. */
export interface KnownName extends PersonKey {
  clinicianId: string;
}

type Known = RosterPerson & { parsed: PersonName | null };

/**
 * Builds the function that says who on the roster a record means: by NPI, else by reference or
 * vendor user id, else by a name only one person on the roster has. It never guesses: an
 * organisation is nobody, an NPI outweighs a name, and several or half-fitting people come back as
 * `ambiguous` for a person to decide.
 * @param decided  what a person has said of names; it goes first, unless an NPI contradicts it
 */
export function createMatcher(
  roster: Iterable<RosterPerson>,
  decided: Iterable<KnownName> = [],
): (who: Finding['clinician']) => Match {
  const people: Known[] = [...roster].map((p) => ({ ...p, parsed: parseName(p.name) }));
  const byNpi = grouped(people, (person) => npiOf(person.npi));
  const byRef = grouped(people, (person) => refKey(person.ref));
  const byLast = grouped(people, (person) => person.parsed?.last ?? null);
  const byCompact = grouped(people, (person) => person.parsed?.compact ?? null);

  const byId = new Map(people.map((person) => [person.clinicianId, person]));
  const known = new Map([...decided].map((one) => [keyText(one), one.clinicianId]));

  function asDecided(who: Finding['clinician'], npi: string | null): Match | null {
    const key = known.size === 0 ? null : personKey(who);
    const person = byId.get((key && known.get(keyText(key))) ?? '');
    if (!person) return null;
    const others = (npi === null ? [] : (byNpi.get(npi) ?? [])).filter((one) => one !== person);
    if (others.length === 0 && !contradicts(person, npi))
      return { clinicianId: person.clinicianId, by: 'person' };
    const ambiguous = [person, ...others].map(({ clinicianId }) => clinicianId);
    return { ambiguous, contradicted: true };
  }

  function byNameOf(name: PersonName, npi: string | null): Match {
    const near = new Set([
      ...(byLast.get(name.last) ?? []),
      ...(byCompact.get(name.compact) ?? []),
    ]);
    const fitting = [...near].filter(
      (person) => person.parsed && compatible(name, person.parsed) && !contradicts(person, npi),
    );
    if (fitting.length === 0) return { unknown: true };
    if (name.first.length === 1) return { ambiguous: fitting.map((p) => p.clinicianId) };
    if (fitting.length === 1) return { clinicianId: fitting[0]!.clinicianId, by: 'name' };
    const exact = fitting.filter((person) => exactMiddle(name, person.parsed!));
    if (exact.length === 1) return { clinicianId: exact[0]!.clinicianId, by: 'name' };
    return { ambiguous: fitting.map((person) => person.clinicianId) };
  }

  return (who) => {
    if (who.organisation) return { unknown: true };
    const npi = npiOf(who.npi);
    const said = asDecided(who, npi);
    if (said) return said;
    const name = who.name === null ? null : parseName(who.name);
    const holders = npi === null ? [] : (byNpi.get(npi) ?? []);
    if (holders.length === 1) return { clinicianId: holders[0]!.clinicianId, by: 'npi' };
    if (holders.length > 1) return { ambiguous: holders.map((person) => person.clinicianId) };

    const named = name ? byNameOf(name, npi) : ({ unknown: true } as const);
    const referred = (byRef.get(refKey(who.id) ?? '') ?? []).filter(
      (person) => !contradicts(person, npi),
    );
    if (referred.length === 0) return named;
    return byReference(referred, name, named);
  };
}

/** The person a reference points to, unless the name beside it points elsewhere. */
function byReference(referred: Known[], name: PersonName | null, named: Match): Match {
  const ids = referred.map((person) => person.clinicianId);
  if (ids.length > 1) return { ambiguous: ids };
  const person = referred[0]!;
  if ('clinicianId' in named && named.clinicianId !== person.clinicianId)
    return { ambiguous: [person.clinicianId, named.clinicianId] };
  // A small number may be another system's id: the names must have a word in common.
  if (name && person.parsed && !sharesWord(name, person.parsed))
    return { ambiguous: [person.clinicianId] };
  return { clinicianId: person.clinicianId, by: 'ref' };
}

/**
 * The person a record names, in comparable form, or null when it names nobody: the name as the
 * matcher compares it, else the id, and the NPI. A company is never a person of the same name.
 */
export function personKey(who: Finding['clinician']): PersonKey | null {
  const written = who.name ?? who.id ?? '';
  const parsed = parseName(written);
  const name = parsed ? `${parsed.compact} ${parsed.suffix}`.trim() : plainWords(written);
  const npi = npiOf(who.npi) ?? '';
  if (name === '' && npi === '') return null;
  return { name: who.organisation ? `organisation: ${name}` : name, npi };
}

function plainWords(written: string): string {
  const folded = written.slice(0, 200).normalize('NFKC').toLowerCase();
  return folded.replace(/[^\p{L}\p{N}]+/gu, ' ').trim();
}

function keyText({ name, npi }: PersonKey): string {
  return `${npi}\n${name}`;
}

/** The record's NPI is another than this person's: then it is another person. */
export function contradicts(person: Pick<RosterPerson, 'npi'>, npi: string | null): boolean {
  const own = npiOf(person.npi);
  return npi !== null && own !== null && own !== npi;
}

/** A ten-digit NPI; anything else a record has in its place says nothing. */
export function npiOf(npi: string | null): string | null {
  const digits = npi?.trim() ?? '';
  return /^\d{10}$/.test(digits) ? digits : null;
}

function refKey(ref: string | null): string | null {
  const key = ref?.trim().toLowerCase() ?? '';
  return key === '' ? null : key;
}

function grouped(people: Known[], keyOf: (person: Known) => string | null): Map<string, Known[]> {
  const groups = new Map<string, Known[]>();
  for (const person of people) {
    const key = keyOf(person);
    if (key === null) continue;
    const group = groups.get(key);
    if (group) group.push(person);
    else groups.set(key, [person]);
  }
  return groups;
}
