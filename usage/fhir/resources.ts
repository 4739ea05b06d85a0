import { type Coded, cptIn, modifiersIn } from './codes.ts';
import { type Referred, referred } from './people.ts';
import type { Finding } from '../finding.ts';
import { type Json, list, record, text } from './json.ts';
import { remembered } from './remembered.ts';

/** A use found in a resource, before it is known whom its reference means. */
export interface Use extends Pick<
  Finding,
  'code' | 'modifiers' | 'kind' | 'date' | 'certainty' | 'rule'
> {
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
  const found: Use[] = [];
  const context = { resource, scope, rule, date: start(resource.billablePeriod), found };
  const items = list(resource.item);
  for (let i = 0; i < items.length; i++) {
    const item = record(items[i]);
    if (item) claimItem(context, item, `item ${text(item.sequence) ?? i + 1}`, null);
  }
  const procedures = list(resource.procedure);
  for (let i = 0; i < procedures.length; i++) {
    const done = record(procedures[i]);
    const date = dayOf(done?.date) ?? context.date;
    for (const coded of cptIn(done?.procedureCodeableConcept)) {
      const who = claimClinician(resource, null, scope);
      found.push(use(coded, { modifiers: [], date, rule, who, element: `procedure ${i + 1}` }));
    }
  }
  return found;
}

interface ClaimContext {
  resource: Fields;
  scope: string;
  rule: string;
  date: string | null;
  found: Use[];
}

/** An item, or a detail of one: what a detail does not say, its item says. */
function claimItem(context: ClaimContext, item: Fields, element: string, parent: Fields | null) {
  const coded = cptIn(item.productOrService ?? item.service);
  if (coded.length > 0) {
    const named = sequences(item) ?? sequences(parent);
    const who = claimClinician(context.resource, named, context.scope);
    const own = dayOf(item.servicedDate) ?? start(item.servicedPeriod);
    const date = own ?? dayOf(parent?.servicedDate) ?? context.date;
    const modifiers = modifiersIn(item.modifier);
    const { rule } = context;
    for (const one of coded) context.found.push(use(one, { modifiers, date, rule, who, element }));
  }
  const details = item.detail ?? item.subDetail;
  if (details === undefined) return;
  list(details).forEach((detail, i) => {
    const fields = record(detail);
    if (fields)
      claimItem(context, fields, `${element}.${i + 1}`, parent ? { ...parent, ...item } : item);
  });
}

function procedure(resource: Fields, scope: string): Use[] {
  if (text(resource.status) === 'not-done' || resource.notDone === true) return [];
  const date =
    dayOf(resource.performedDateTime ?? resource.occurrenceDateTime) ??
    start(resource.performedPeriod ?? resource.occurrencePeriod);
  const who = best(list(resource.performer), PERFORMER, scope, null);
  return cptIn(resource.code).map((coded) =>
    use(coded, { modifiers: [], date, rule: 'fhir.procedure', who, kind: 'progress_note' }),
  );
}

function chargeItem(resource: Fields, scope: string): Use[] {
  const date = dayOf(resource.occurrenceDateTime) ?? start(resource.occurrencePeriod);
  const people = list(resource.performer ?? resource.participant);
  const who = best(people, PERFORMER, scope, null);
  return cptIn(resource.code).map((coded) =>
    use(coded, { modifiers: [], date, rule: 'fhir.chargeitem', who }),
  );
}

function encounter(resource: Fields, scope: string): Use[] {
  const status = text(resource.status);
  if (status === 'cancelled') return [];
  const date = start(resource.period ?? resource.actualPeriod);
  const participant = best(list(resource.participant), PARTICIPANT, scope, null);
  const who = participant ?? referred(resource.serviceProvider, scope);
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
    code: coded.code,
    modifiers: rest.modifiers,
    kind: rest.kind ?? 'billing',
    date: rest.date,
    certainty: coded.certainty,
    rule: `${rest.rule}.${coded.basis}`,
    who: rest.who,
    element: rest.element ?? null,
  };
}

/** The careTeam members an item names: R4 numbers, STU3 link ids. Null where it names none. */
function sequences(item: Fields | null): Json[] | null {
  const named = item?.careTeamSequence ?? item?.careTeamLinkId;
  return Array.isArray(named) && named.length > 0 ? named : null;
}

/** Who rendered: the item's careTeam member, else the claim's, else its provider. */
function claimClinician(resource: Fields, named: Json[] | null, scope: string): Referred | null {
  const chosen = best(list(resource.careTeam), MEMBER, scope, named);
  return chosen ?? referred(resource.provider, scope);
}

/** Where a list of people keeps each one's reference and role, by version of FHIR. */
interface Shape {
  targets: readonly string[];
  roles: readonly string[];
}

const MEMBER: Shape = { targets: ['provider'], roles: ['role', 'qualification'] };
const PERFORMER: Shape = { targets: ['actor'], roles: ['function', 'role'] };
const PARTICIPANT: Shape = { targets: ['individual', 'actor'], roles: ['type'] };

/**
 * The one who stands out by role; among several of one role the one responsible. Null where two
 * fit equally well: nobody is guessed. `named` limits the choice to these sequence numbers.
 */
function best(people: Json[], shape: Shape, scope: string, named: Json[] | null): Referred | null {
  let chosen: Referred | null = null;
  let top = 0;
  let tied = false;
  for (const one of people) {
    const fields = record(one);
    if (!fields || (named && !named.some((value) => String(value) === String(fields.sequence))))
      continue;
    const rank = rankOf(field(fields, shape.roles)) + (fields.responsible === true ? 0.5 : 0);
    if (rank < 1 || rank < top) continue;
    const who = referred(field(fields, shape.targets), scope);
    if (!who) continue;
    tied = rank === top && chosen !== null && !isSame(who, chosen);
    chosen = who;
    top = rank;
  }
  return tied ? null : chosen;
}

function field(fields: Fields, names: readonly string[]): Json {
  for (const name of names) if (fields[name] !== undefined) return fields[name];
  return undefined;
}

function isSame(a: Referred, b: Referred): boolean {
  return (
    a.key === b.key && a.clinician.npi === b.clinician.npi && a.clinician.name === b.clinician.name
  );
}

/** The nearest reading of a role's codes and words. */
function rankOf(role: Json): number {
  let words = '';
  for (const concept of list(role)) {
    const fields = record(concept);
    const said = text(fields?.text);
    if (said) words += ` ${said}`;
    for (const coding of list(fields?.coding)) {
      const { code, display } = record(coding) ?? {};
      words += ` ${text(code) ?? ''} ${text(display) ?? ''}`;
    }
  }
  return words === '' ? UNKNOWN_ROLE : rankOfWords(words);
}

const rankOfWords = remembered((words) => {
  const all = words.toLowerCase();
  return ROLES.find(([part]) => all.includes(part))?.[1] ?? UNKNOWN_ROLE;
});

function start(period: Json): string | null {
  return dayOf(record(period)?.start);
}

/** The calendar day as written, in the zone it was written in; null for a month or a year. */
function dayOf(value: Json): string | null {
  return typeof value === 'string' && ISO_DAY.test(value) ? value.slice(0, 10) : null;
}

const ISO_DAY = /^\d{4}-\d{2}-\d{2}/;
