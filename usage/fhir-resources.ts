import { type Coded, cptIn, modifiersIn } from './fhir-codes.ts';
import { type Referred, referred } from './fhir-people.ts';
import type { Finding } from './finding.ts';
import { type Json, list, record, text } from './json.ts';

/** A use found in a resource, before it is known whom its reference means. */
export interface Use {
  finding: Omit<Finding, 'clinician' | 'where'>;
  who: Referred | null;
  /** The element inside the resource, e.g. `item 2`. */
  element: string | null;
}

type Fields = Record<string, Json>;

/** Claims that ask or plan, in the words of R4 and of STU3: no use of a code. */
const NOT_A_CLAIM = new Set(['preauthorization', 'predetermination', 'proposed', 'exploratory']);

/**
 * How near a careTeam or performer role is to having rendered the service. Those who supervise,
 * refer or order did not; an unknown role may have.
 */
const ROLES: readonly [string, number][] = [
  ['supervis', 0],
  ['referr', 0],
  ['order', 0],
  ['prescrib', 0],
  ['assist', 0],
  ['enterer', 0],
  ['admit', 0],
  ['discharg', 0],
  ['consult', 1],
  ['perform', 6],
  ['render', 6],
  ['pprf', 6],
  ['sprf', 4],
  ['primary', 5],
  ['treating', 5],
  ['atnd', 4],
  ['attend', 3],
  ['operating', 3],
];
const UNKNOWN_ROLE = 2;

/** The uses in one resource. Anything but the five kinds of record of a service gives none. */
export function usesIn(resource: Fields, scope: string): Use[] {
  const type = text(resource.resourceType);
  if (text(resource.status) === 'entered-in-error') return [];
  if (type === 'Claim') return claim(resource, scope, 'fhir.claim');
  if (type === 'ExplanationOfBenefit') return claim(resource, scope, 'fhir.eob');
  if (type === 'Procedure') return procedure(resource, scope);
  if (type === 'ChargeItem') return chargeItem(resource, scope);
  return type === 'Encounter' ? encounter(resource, scope) : [];
}

function claim(resource: Fields, scope: string, rule: string): Use[] {
  if (NOT_A_CLAIM.has(text(resource.use) ?? '')) return [];
  const uses: Use[] = [];
  const claimDate = start(resource.billablePeriod);
  const visit = (item: Json, element: string, parent: Fields | null): void => {
    const fields = record(item);
    if (!fields) return;
    const who = claimClinician(resource, sequences(fields) ?? sequences(parent), scope);
    const date =
      dayOf(fields.servicedDate) ?? start(fields.servicedPeriod) ?? dayOf(parent?.servicedDate);
    const modifiers = modifiersIn(fields.modifier);
    for (const coded of cptIn(fields.productOrService ?? fields.service))
      uses.push(use(coded, { modifiers, date: date ?? claimDate, rule, who, element }));
    list(fields.detail ?? fields.subDetail).forEach((detail, i) =>
      visit(detail, `${element}.${i + 1}`, { ...parent, ...fields }),
    );
  };
  list(resource.item).forEach((item, i) => {
    visit(item, `item ${text(record(item)?.sequence) ?? i + 1}`, null);
  });
  list(resource.procedure).forEach((done, i) => {
    const who = claimClinician(resource, null, scope);
    const date = dayOf(record(done)?.date) ?? claimDate;
    for (const coded of cptIn(record(done)?.procedureCodeableConcept))
      uses.push(use(coded, { modifiers: [], date, rule, who, element: `procedure ${i + 1}` }));
  });
  return uses;
}

function procedure(resource: Fields, scope: string): Use[] {
  if (text(resource.status) === 'not-done' || resource.notDone === true) return [];
  const date =
    dayOf(resource.performedDateTime ?? resource.occurrenceDateTime) ??
    start(resource.performedPeriod ?? resource.occurrencePeriod);
  const who = best(
    list(resource.performer).map((one) => candidate(one, ['function', 'role'], ['actor'], scope)),
  );
  return cptIn(resource.code).map((coded) =>
    use(coded, { modifiers: [], date, rule: 'fhir.procedure', who, kind: 'progress_note' }),
  );
}

function chargeItem(resource: Fields, scope: string): Use[] {
  const date = dayOf(resource.occurrenceDateTime) ?? start(resource.occurrencePeriod);
  const people = list(resource.performer ?? resource.participant);
  const who = best(people.map((one) => candidate(one, ['function', 'role'], ['actor'], scope)));
  return cptIn(resource.code).map((coded) =>
    use(coded, { modifiers: [], date, rule: 'fhir.chargeitem', who }),
  );
}

function encounter(resource: Fields, scope: string): Use[] {
  const status = text(resource.status);
  if (status === 'cancelled') return [];
  const date = start(resource.period ?? resource.actualPeriod);
  const people = list(resource.participant).map((one) =>
    candidate(one, ['type'], ['individual', 'actor'], scope),
  );
  const who = best(people) ?? referred(resource.serviceProvider, scope);
  const concepts = [...list(resource.type), ...list(resource.serviceType)];
  const coded = concepts.flatMap((concept) => cptIn(concept));
  return coded.map((found) => {
    // A visit that is only planned has a code, but nobody has used it yet.
    const certainty = status === 'planned' ? ('weak' as const) : found.certainty;
    const rule = 'fhir.encounter.type';
    return use({ ...found, certainty }, { modifiers: [], date, rule, who, kind: 'progress_note' });
  });
}

function use(
  coded: Coded,
  rest: {
    modifiers: string[];
    date: string | null;
    rule: string;
    who: Referred | null;
    kind?: 'progress_note';
    element?: string;
  },
): Use {
  return {
    finding: {
      type: 'finding',
      code: coded.code,
      modifiers: rest.modifiers,
      kind: rest.kind ?? 'billing',
      date: rest.date,
      certainty: coded.certainty,
      rule: `${rest.rule}.${coded.basis}`,
    },
    who: rest.who,
    element: rest.element ?? null,
  };
}

/** The careTeam members an item names: R4 numbers, STU3 link ids. Null where it names none. */
function sequences(item: Fields | null): Set<string> | null {
  const named = item?.careTeamSequence ?? item?.careTeamLinkId;
  if (!Array.isArray(named) || named.length === 0) return null;
  return new Set(named.map((one) => String(one)));
}

/** Who rendered: the item's careTeam member, else the claim's, else its provider. */
function claimClinician(
  resource: Fields,
  named: Set<string> | null,
  scope: string,
): Referred | null {
  const team = list(resource.careTeam);
  const members = named
    ? team.filter((member) => named.has(text(record(member)?.sequence) ?? ''))
    : team;
  const chosen = best(
    members.map((member) => candidate(member, ['role', 'qualification'], ['provider'], scope)),
  );
  return chosen ?? referred(resource.provider, scope);
}

interface Candidate {
  who: Referred | null;
  rank: number;
  responsible: boolean;
}

function candidate(member: Json, roles: string[], targets: string[], scope: string): Candidate {
  const fields = record(member);
  const target = targets.map((name) => fields?.[name]).find((value) => value !== undefined);
  const role = roles.map((name) => fields?.[name]).find((value) => value !== undefined);
  return {
    who: referred(target, scope),
    rank: rankOf(role),
    responsible: fields?.responsible === true,
  };
}

function rankOf(role: Json): number {
  const words = list(role).flatMap((concept) => [
    text(record(concept)?.text) ?? '',
    ...list(record(concept)?.coding).flatMap((coding) => [
      text(record(coding)?.code) ?? '',
      text(record(coding)?.display) ?? '',
    ]),
  ]);
  const all = words.join(' ').toLowerCase();
  return ROLES.find(([part]) => all.includes(part))?.[1] ?? UNKNOWN_ROLE;
}

/** The one who stands out; null where two fit equally well: nobody is guessed. */
function best(candidates: Candidate[]): Referred | null {
  const fit = candidates.filter((one) => one.who !== null && one.rank > 0);
  const top = Math.max(0, ...fit.map((one) => one.rank));
  let leading = fit.filter((one) => one.rank === top);
  if (leading.length > 1 && leading.some((one) => one.responsible))
    leading = leading.filter((one) => one.responsible);
  const different = new Set(leading.map((one) => JSON.stringify(one.who)));
  return different.size === 1 ? leading[0]!.who : null;
}

function start(period: Json): string | null {
  return dayOf(record(period)?.start);
}

/** The calendar day as written, in the zone it was written in; null for a month or a year. */
function dayOf(value: Json): string | null {
  const written = text(value) ?? '';
  return /^\d{4}-\d{2}-\d{2}/.test(written) ? written.slice(0, 10) : null;
}
