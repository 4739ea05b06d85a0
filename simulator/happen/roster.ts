import { followEvidence, type ActDeps } from '../../api/acts.ts';
import { writeRoster } from '../../api/roster-write.ts';
import { VENDORS } from '../../config/rates.ts';
import type { Clinician } from '../../ledger/clinicians.ts';
import type { ReadImport } from '../../ledger/evidence.ts';
import { type PersonPlan, type Use, YEAR } from '../plan.ts';
import type { Process } from '../process.ts';
import type { Scene } from '../scene.ts';
import type { Person } from '../truth.ts';
import { by } from './assessment.ts';

/** A word in every name and address that must not turn up anywhere else. */
export const CANARY = 'canary';

/** A person of the practice, with a customer at Stripe and a card, as the plan has it. */
export function invite(scene: Scene, plan: PersonPlan): Person {
  const { outside, truth } = scene;
  const other = truth.people.find(({ plan: { index } }) => index === plan.sharesWith);
  const shared = plan.sharesWith === null ? null : (other?.row.stripeCustomer ?? null);
  const customer = plan.hasCustomer && !shared ? outside.addCustomer() : null;
  if (customer && plan.hasCard) outside.addCard(customer);
  const person: Person = {
    plan,
    clinicianId: null,
    row: {
      ref: plan.ref,
      name: `${CANARY} Person ${plan.ref}`,
      email: plan.hasEmail ? `${CANARY}.${plan.ref}@people.example` : null,
      npi: null,
      vendor: plan.vendor,
      timeZone: 'America/New_York',
      stripeCustomer: shared ?? customer?.id ?? null,
      paymentMethod: null,
    },
    changing: Promise.resolve(),
    evidence: [],
    importedUnheard: Infinity,
    vendors: [{ from: 0, vendor: plan.vendor }],
  };
  truth.people.push(person);
  return person;
}

/** Puts somebody on the roster after the assessment was opened. */
export async function join(scene: Scene, person: Person): Promise<void> {
  await write(scene, person, null);
  const known = await scene.plain.clinicians.list({ limit: 1_000 });
  const found = known.find(({ ref }) => ref === person.row.ref);
  person.clinicianId = found?.clinicianId ?? null;
}

/** Changes the roster's row of a person; their fees follow. `card`: the one Stripe has now. */
export async function change(
  scene: Scene,
  person: Person,
  fields: Partial<Clinician>,
  card: string | null = null,
): Promise<void> {
  person.changing = person.changing.then(() => changeNow(scene, person, fields, card));
  await person.changing;
}

async function changeNow(
  scene: Scene,
  person: Person,
  fields: Partial<Clinician>,
  card: string | null,
): Promise<void> {
  if (!person.clinicianId) return;
  // A field the roster does not speak of stays as it is, such as the card of a hint.
  const known = await scene.plain.clinicians.get(person.clinicianId);
  Object.assign(person.row, { paymentMethod: known?.paymentMethod ?? null }, fields);
  if (!(await write(scene, person, card)) || !fields.vendor) return;
  person.vendors.push({ from: scene.setting.timeline.now(), vendor: fields.vendor });
}

async function write(scene: Scene, person: Person, card: string | null): Promise<boolean> {
  const row = { line: 1, clinician: { ...person.row }, before: null, card, noCard: false };
  const answer = await scene.office.ask(`write ${person.row.ref} on the roster`, (api, deps) =>
    writeRoster(halfway(api, deps), by(scene), [row], VENDORS),
  );
  scene.kick(500);
  return answer !== null;
}

/**
 * The row is written, and the fees have not heard of it: asked for the same again, nobody will find
 * anything changed. Here a program may end more often than elsewhere.
 */
function halfway({ life, ledger }: Process, deps: ActDeps): ActDeps {
  const { clinicians } = ledger;
  const upsert: typeof clinicians.upsert = async (row, card) => {
    const done = await clinicians.upsert(row, card);
    await life.pass(1, 'between a row and its fees', 30);
    return done;
  };
  return { ...deps, ledger: { ...ledger, clinicians: { ...clinicians, upsert } } };
}

/** Imports a file that shows one use by one person. */
export async function importUse(scene: Scene, person: Person, use: Use): Promise<void> {
  const { clinicianId } = person;
  if (!clinicianId) return;
  const file = fileOf(clinicianId, person.plan.ref, use);
  const before = scene.setting.timeline.now();
  const answer = await scene.office.ask(`import use of ${person.plan.ref}`, (api, deps) =>
    record(api, file).then(async (pieces) => {
      const feeIds = await api.ledger.evidence.feesOf([{ clinicianId, year: YEAR }]);
      await followEvidence(deps, by(scene), feeIds, true);
      return pieces;
    }),
  );
  const since = Math.min(before, person.importedUnheard);
  if (answer && 'done' in answer) note(person, answer.done, since);
  else person.importedUnheard = since;
  scene.kick(500);
}

/** The same before the assessment, where nothing can go wrong yet. */
export async function plantUse(scene: Scene, person: Person, use: Use): Promise<void> {
  if (!person.clinicianId) return;
  const file = fileOf(person.clinicianId, person.plan.ref, use);
  note(person, await record({ ledger: scene.plain }, file), scene.setting.timeline.now());
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
export function newAddress({ setting }: Scene, { plan }: Person): string {
  return `${CANARY}.${plan.ref}.${setting.random.int(1e6)}@people.example`;
}
