import { followEvidence, type ActionDeps } from '../../../api/routes/actions.ts';
import { createNotes } from '../../../api/roster/validate-row.ts';
import { writeRoster } from '../../../api/roster/write.ts';
import { VENDORS } from '../../../config/rates.ts';
import type { Clinician } from '../../../ledger/clinicians.ts';
import type { ReadImport } from '../../../ledger/evidence.ts';
import { type PersonPlan, type Use, YEAR } from '../plan.ts';
import type { Process } from '../process.ts';
import type { Scenario } from '../scenario.ts';
import type { Person } from '../expected.ts';
import { NO_MONEY } from '../account/card-behaviour.ts';
import { by } from './assessment.ts';

/** A word in every name and address that must not turn up anywhere else. */
export const CANARY = 'canary';

/** A person of the practice, with a customer at Stripe and a card, as the plan has it. */
export function invite(scenario: Scenario, plan: PersonPlan): Person {
  const { outside, expected, stripe } = scenario;
  const other = expected.people.find(({ plan: { index } }) => index === plan.sharesWith);
  const twin = stripe.books.customer(other?.row.stripeCustomer ?? null)?.defaultCard ?? null;
  const customer = plan.hasCustomer ? outside.addCustomer(plan.ref) : null;
  // A practice that pays for several people by one card has it on file with each of them.
  if (customer && plan.hasCard)
    outside.addCard(customer, stripe.books.card(twin), plan.isPoor ? NO_MONEY : undefined);
  return meet(scenario, plan, {
    ref: plan.ref,
    name: `${CANARY} Person ${plan.ref}`,
    email: plan.hasEmail ? `${CANARY}.${plan.ref}@people.example` : null,
    npi: null,
    vendor: plan.vendor,
    timeZone: 'America/New_York',
    stripeCustomer: customer?.id ?? null,
    paymentMethod: null,
  });
}

/** The person as an installation is to know them. */
export function meet({ expected }: Scenario, plan: PersonPlan, row: Clinician): Person {
  const person: Person = {
    plan,
    row,
    clinicianId: null,
    joined: false,
    changing: Promise.resolve(),
    evidence: [],
    importedUnheard: Infinity,
    importing: new Set(),
    vendors: [{ from: 0, vendor: row.vendor }],
    customers: [{ askedAt: 0, from: 0, customer: row.stripeCustomer }],
  };
  expected.people.push(person);
  return person;
}

/** The same person at another installation. */
export function alsoAt(scenario: Scenario, { plan }: Person): Person | undefined {
  return scenario.expected.people.find((one) => one.plan.index === plan.index);
}

/** Puts somebody on the roster after the assessment was opened. */
export async function join(scenario: Scenario, person: Person): Promise<void> {
  await changeNow(scenario, person, {}, null);
  for (const other of scenario.others()) {
    const twin = alsoAt(other, person) ?? meet(other, person.plan, { ...person.row });
    await changeNow(other, twin, {}, null);
  }
}

/** Changes the roster's row of a person; their fees follow. `card`: the one Stripe has now. */
export async function change(
  scenario: Scenario,
  person: Person,
  fields: Partial<Clinician>,
  card: string | null = null,
): Promise<void> {
  // Whoever keeps two installations keeps both.
  for (const other of scenario.others()) {
    const twin = alsoAt(other, person);
    if (twin) void oneByOne(twin, () => changeNow(other, twin, fields, card));
  }
  await oneByOne(person, () => changeNow(scenario, person, fields, card));
}

/** The practice changes a row when it is done with the change before. */
async function oneByOne(person: Person, work: () => Promise<void>): Promise<void> {
  person.changing = person.changing.then(work);
  await person.changing;
}

async function changeNow(
  scenario: Scenario,
  person: Person,
  fields: Partial<Clinician>,
  card: string | null,
): Promise<void> {
  const isNew = !person.joined && Object.keys(fields).length === 0;
  person.joined ||= isNew;
  // Without a ledger the practice changes its own list, and uploads it when there is one.
  if (!person.clinicianId && !isNew) {
    if (person.joined) Object.assign(person.row, fields);
    return;
  }
  await write(scenario, `write ${person.row.ref} on the roster`, [{ person, fields, card }]);
  if (!person.clinicianId) await find(scenario, [person]);
}

/** What of a person's row is to be another than it is. */
interface RowChange {
  person: Person;
  fields: Partial<Clinician>;
  card: string | null;
}

/** One upload of some rows. Gives how many were refused, or null when nobody answered. */
async function write(
  scenario: Scenario,
  what: string,
  changes: RowChange[],
): Promise<number | null> {
  const known = await scenario.plain.clinicians.list({ limit: 1_000 });
  const rows = changes.map(({ person, fields, card }, index) => {
    const before = known.find(({ ref }) => ref === person.row.ref) ?? null;
    // A field the roster does not speak of stays as it is, such as the card of a hint.
    const paymentMethod = before?.paymentMethod ?? null;
    const clinician = { ...person.row, paymentMethod, ...fields };
    return { line: index + 1, clinician, before, card, noCard: false, otherEmail: false };
  });
  const { timeline } = scenario.environment;
  // Whatever comes of it may hold from now on, until there is an answer.
  const askedAt = timeline.now();
  const answer = await scenario.operator.ask(what, async (api, deps) => {
    const notes = createNotes(rows.length);
    await writeRoster(halfway(api, deps), by(scenario), rows, VENDORS, notes);
    return notes.first();
  });
  scenario.kick(500);
  const refused = answer && 'done' in answer ? answer.done : [];
  for (const [index, { person }] of changes.entries()) {
    const row = rows[index]?.clinician;
    if (!row || refused.some(({ line }) => line === index + 1)) continue;
    if (!answer) scenario.expected.unanswered.add(`write ${person.row.ref} on the roster`);
    remember(person, row, { askedAt, from: answer ? timeline.now() : askedAt });
  }
  return answer && refused.length;
}

/** The row is on the roster from now on. */
function remember(
  person: Person,
  row: Clinician,
  { askedAt, from }: { askedAt: number; from: number },
): void {
  if (person.vendors.at(-1)?.vendor !== row.vendor)
    person.vendors.push({ from, vendor: row.vendor });
  if (person.customers.at(-1)?.customer !== row.stripeCustomer)
    person.customers.push({ askedAt, from, customer: row.stripeCustomer });
  person.row = row;
}

/** The ids that an installation has given to these people. */
export async function find({ plain }: Scenario, people: Person[]): Promise<void> {
  const known = await plain.clinicians.list({ limit: 1_000 });
  for (const person of people)
    person.clinicianId =
      known.find(({ ref }) => ref === person.row.ref)?.clinicianId ?? person.clinicianId;
}

/**
 * Uploads the rows of all these people at once, when everybody is done with what they change one by
 * one. `fields`: what is to be another than it is. Gives how many were refused; null: no answer.
 */
export async function upload(
  scenario: Scenario,
  people: Person[],
  fields: (person: Person) => Partial<Clinician> = () => ({}),
): Promise<number | null> {
  let refused: number | null = null;
  const work = Promise.all(people.map(({ changing }) => changing)).then(async () => {
    const changes = people.map((person) => ({ person, fields: fields(person), card: null }));
    refused = await write(scenario, 'upload the roster', changes);
    await find(scenario, people);
  });
  for (const person of people) person.changing = work;
  await work;
  return refused;
}

/**
 * The row is written, and the fees have not heard of it: asked for the same again, nobody will find
 * anything changed. Here a program may end more often than elsewhere.
 */
function halfway({ lifecycle, ledger }: Process, deps: ActionDeps): ActionDeps {
  const { clinicians } = ledger;
  const upsert: typeof clinicians.upsert = async (row, card, who) => {
    const done = await clinicians.upsert(row, card, who);
    await lifecycle.pass(1, 'between a row and its fees', 30);
    return done;
  };
  return { ...deps, ledger: { ...ledger, clinicians: { ...clinicians, upsert } } };
}

/** Imports a file that shows one use by one person, wherever the practice has levy. */
export async function importUse(scenario: Scenario, person: Person, use: Use): Promise<void> {
  for (const other of scenario.others()) {
    const twin = alsoAt(other, person);
    if (twin) void importAt(other, twin, use);
  }
  await importAt(scenario, person, use);
}

/** The same at one installation. */
export async function importAt(scenario: Scenario, person: Person, use: Use): Promise<void> {
  const { clinicianId } = person;
  if (!clinicianId) return;
  const file = fileOf(clinicianId, person.plan.ref, use);
  const before = scenario.environment.timeline.now();
  // Another import may be answered first, and then shows what this one has written.
  person.importing.add(before);
  const answer = await scenario.operator.ask(`import use of ${person.plan.ref}`, (api, deps) =>
    record(api, file).then(async (pieces) => {
      const feeIds = await api.ledger.evidence.feesOf([{ clinicianId, year: YEAR }]);
      await followEvidence(deps, by(scenario), feeIds, true);
      return pieces;
    }),
  );
  const since = Math.min(...person.importing, person.importedUnheard);
  person.importing.delete(before);
  if (answer && 'done' in answer) note(person, answer.done, since);
  else person.importedUnheard = since;
  scenario.kick(500);
}

/** The same before the assessment, where nothing can go wrong yet. */
export async function seedUse(scenario: Scenario, person: Person, use: Use): Promise<void> {
  if (!person.clinicianId) return;
  const file = fileOf(person.clinicianId, person.plan.ref, use);
  note(person, await record({ ledger: scenario.plain }, file), scenario.environment.timeline.now());
}

async function record({ ledger }: Pick<Process, 'ledger'>, file: ReadImport): Promise<Piece[]> {
  await ledger.evidence.record(file);
  const { clinicianId } = file.uses[0] as { clinicianId: string };
  return ledger.evidence.of(clinicianId, YEAR);
}

interface Piece {
  evidenceId: string;
  certainty: 'sure' | 'weak';
}

function note(person: Person, pieces: Piece[], from: number): void {
  for (const { evidenceId, certainty } of pieces)
    if (!person.evidence.some((known) => known.evidenceId === evidenceId))
      person.evidence.push({ evidenceId, standing: [{ from, stands: certainty === 'sure' }] });
}

function fileOf(clinicianId: string, ref: string, use: Use): ReadImport {
  const { kind, firstUsedOn, certainty } = use;
  return {
    sha256: `${ref} ${use.at} ${kind} ${firstUsedOn}`,
    fileName: 'claims.837',
    vendor: null,
    periodFrom: null,
    periodTo: null,
    format: 'x12',
    bytes: 1,
    records: 1,
    findings: 1,
    matched: 1,
    importedBy: 'Ada',
    uses: [{ clinicianId, year: YEAR, kind, firstUsedOn, line: 1, rule: 'sv1', certainty }],
    problems: [],
  };
}

/** An address of theirs that nobody has heard of before. */
export function newAddress({ environment }: Scenario, { plan }: Person): string {
  return `${CANARY}.${plan.ref}.${environment.random.int(1e6)}@people.example`;
}
