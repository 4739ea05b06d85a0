import {
  confirmInvoice,
  enterInvoice,
  matchLine,
  voidInvoice,
} from '../../../api/invoices/actions.ts';
import { matchLines } from '../../../api/invoices/lines.ts';
import {
  carriedCents,
  holds,
  type ExpectedInvoice,
  type ExpectedLine,
} from '../expected-invoice.ts';
import type { Person } from '../expected.ts';
import { DAY_MS, HOUR_MS, YEAR } from '../plan.ts';
import type { Random } from '../random.ts';
import { acted, type Scenario } from '../scenario.ts';
import { by, twice } from './assessment.ts';

type Document = Pick<ExpectedInvoice, 'number' | 'lines' | 'replaces'>;

const VENDOR = 'theranest';
/** Most lines that an invoice has here. */
const MANY = 200;

/** The vendor sends a document, or the practice finds out that one was entered wrongly. */
export async function receiveInvoice(scenario: Scenario): Promise<void> {
  const { environment, expected } = scenario;
  const random = environment.random.fork(`invoice ${environment.timeline.now()}`);
  const standing = expected.invoices.filter(({ isWanted }) => isWanted);
  const what =
    standing.length === 0
      ? 'invoice'
      : random.weighted({ invoice: 4, credit: 3, replacement: 3, void: 2 });
  environment.note(`the practice is about to enter: ${what}`);
  if (what === 'void') return endWrong(scenario, random.pick(standing));
  const replaces = what === 'replacement' ? random.pick(standing) : null;
  const lines =
    what === 'credit' ? await credits(scenario, random) : await charges(scenario, random, replaces);
  if (lines.length === 0) return;
  const number = `INV-${expected.invoices.length + 1}-${random.int(1e6)}`;
  await enter(scenario, { number, lines, replaces }, random);
}

/** The practice's folder is entered once more, into a ledger that does not know all of it. */
export async function enterAgain(scenario: Scenario): Promise<void> {
  const { expected, plain, environment } = scenario;
  const random = environment.random.fork(`invoices again ${environment.timeline.now()}`);
  for (const invoice of expected.invoices.filter(({ isWanted }) => isWanted)) {
    const known = await plain.invoices.get(invoice.invoiceId);
    if (known?.confirmedAt) continue;
    invoice.isWanted = false;
    const { number, lines, replaces } = invoice;
    const anew = lines.map((line): ExpectedLine => ({ ...line, known: [] }));
    await enter(scenario, { number, lines: anew, replaces: replaced(scenario, replaces) }, random);
  }
}

/** The document whose place one takes; none in a ledger that does not know it. */
function replaced({ expected }: Scenario, old: ExpectedInvoice | null): ExpectedInvoice | null {
  const found = expected.invoices.findLast(
    ({ number, standing }) => number === old?.number && standing.at(-1)?.must,
  );
  return found ?? null;
}

/** Lines for those whom no document carries yet; of one that takes another's place, for all. */
async function charges(
  scenario: Scenario,
  random: Random,
  replaces: ExpectedInvoice | null,
): Promise<ExpectedLine[]> {
  const now = scenario.environment.timeline.now();
  const others = scenario.expected.invoices.filter((one) => one !== replaces);
  const cents = await rateOf(scenario);
  const here = scenario.expected.people.filter(({ joined, plan, vendors }) => {
    const isMeant = joined && vendors.some(({ vendor }) => vendor === VENDOR);
    const has = carriedCents(others, plan.index, 'most', { from: now, until: now });
    return isMeant && has <= 0 && random.chance(0.9);
  });
  return here.map((person, index) => {
    const amountCents = random.chance(0.06) ? cents - 1 : cents;
    return written(person, index + 1, amountCents, random);
  });
}

/** Something is given back for somebody, all of it or a part. */
async function credits(scenario: Scenario, random: Random): Promise<ExpectedLine[]> {
  const now = scenario.environment.timeline.now();
  const carried = scenario.expected.people.filter(
    ({ plan }) =>
      carriedCents(scenario.expected.invoices, plan.index, 'least', { from: now, until: now }) > 0,
  );
  if (carried.length === 0) return [];
  const cents = await rateOf(scenario);
  const amountCents = -(random.chance(0.7) ? cents : random.between(1, cents - 1));
  return [written(random.pick(carried), 1, amountCents, random)];
}

function written(person: Person, line: number, amountCents: number, random: Random): ExpectedLine {
  const how = random.weighted({ ref: 6, name: 3, nobody: 1 });
  return {
    ...{ line, person: person.plan.index, amountCents, known: [] },
    name: how === 'name' ? person.row.name : how === 'nobody' ? 'A. N. Other' : null,
    ref: how === 'ref' ? person.row.ref : null,
  };
}

async function rateOf({ plain }: Scenario): Promise<number> {
  const [assessment] = await plain.assessments.list();
  const rate = await plain.rates.get(VENDOR, YEAR);
  return assessment?.amountCents ?? rate?.amountCents ?? 0;
}

/** Enters a draft, sees whom its lines mean, confirms it and says who is meant by the others. */
async function enter(scenario: Scenario, document: Document, random: Random): Promise<void> {
  const { timeline } = scenario.environment;
  const invoiceId = await draft(scenario, document);
  if (!invoiceId) return;
  const invoices = scenario.expected.invoices;
  const invoice = invoices.find((one) => one.invoiceId === invoiceId) ?? {
    ...{ ...document, invoiceId, isWanted: false, standing: [] },
  };
  if (!invoices.includes(invoice)) invoices.push(invoice);
  await seeLines(scenario, invoice);
  if (random.chance(0.1)) return;
  await timeline.sleep(random.pick([0, 60_000, 5 * HOUR_MS, 2 * DAY_MS]));
  await confirm(scenario, invoice);
  await timeline.sleep(random.pick([0, HOUR_MS, 3 * DAY_MS]));
  await nameOthers(scenario, invoice);
}

async function draft(scenario: Scenario, document: Document): Promise<string | null> {
  const { number, lines, replaces } = document;
  const totalCents = lines.reduce((sum, one) => sum + one.amountCents, 0);
  const head = {
    ...{ vendor: VENDOR, year: YEAR, number, totalCents, fileName: null },
    dated: new Date(scenario.environment.timeline.now()).toISOString().slice(0, 10),
    replaces: replaces?.invoiceId ?? null,
  };
  const answer = await scenario.operator.ask(`enter ${number}`, async (api, deps) => {
    const roster = await api.ledger.clinicians.forMatching();
    const read = lines.map(({ name, ref, amountCents }) => ({ name, ref, amountCents, npi: null }));
    return enterInvoice(deps, by(scenario), head, matchLines(read, roster));
  });
  if (!answer) return null;
  acted(scenario, 'enter_invoice', null, answer);
  if ('done' in answer) return answer.done;
  // It had come through, and its answer had not: the list shows it.
  const all = await scenario.plain.invoices.list({ limit: MANY });
  const same = all.find((one) => one.number === number && !one.confirmedAt);
  return same?.invoiceId ?? null;
}

/** The page shows whom each line means; nobody else may be meant. */
async function seeLines(scenario: Scenario, { invoiceId, lines, number }: ExpectedInvoice) {
  const answer = await scenario.operator.ask(`look at ${number}`, (api) =>
    api.ledger.invoices.lines(invoiceId, { limit: MANY }),
  );
  const now = scenario.environment.timeline.now();
  for (const one of lines) {
    if (!answer || 'refused' in answer) {
      holds(one.known, now, { may: true, must: false });
      continue;
    }
    const shown = answer.done.find(({ line }) => line === one.line)?.clinicianRef ?? null;
    const isRight = shown === `P${one.person}`;
    if (isRight) holds(one.known, now, { may: true, must: true });
    if (isRight || shown === null) continue;
    const what = `line ${one.line} of ${number} is for P${one.person}, and means ${shown}`;
    scenario.expected.found.push({ invariant: '21 invoiced', feeId: null, what });
  }
}

async function confirm(scenario: Scenario, invoice: ExpectedInvoice): Promise<void> {
  const { timeline } = scenario.environment;
  const { invoiceId, number, standing, replaces } = invoice;
  holds(standing, timeline.now(), { may: true, must: false });
  if (replaces) holds(replaces.standing, timeline.now(), { may: true, must: false });
  let isDone = false;
  await twice(scenario, async () => {
    const ask = (anyway: boolean) =>
      scenario.operator.ask(`confirm ${number}`, (_, deps) =>
        confirmInvoice(deps, by(scenario), invoiceId, anyway),
      );
    let answer = await ask(false);
    // Two documents with the same lines: the person has both in hand.
    if (answer && 'refused' in answer && answer.refused === 'same_invoice') {
      acted(scenario, 'confirm_invoice', null, answer);
      answer = await ask(true);
    }
    if (!answer) return;
    acted(scenario, 'confirm_invoice', null, answer);
    isDone ||= 'done' in answer || answer.refused === 'already_confirmed';
  });
  if (!isDone) return;
  invoice.isWanted = true;
  holds(standing, timeline.now(), { may: true, must: true });
  if (!replaces) return;
  replaces.isWanted = false;
  holds(replaces.standing, timeline.now(), { may: false, must: false });
}

/** A person says who is meant by the lines that mean nobody known. */
async function nameOthers(scenario: Scenario, invoice: ExpectedInvoice): Promise<void> {
  const { timeline, random: lived } = scenario.environment;
  const random = lived.fork(`names ${invoice.number}`);
  const { invoiceId, number } = invoice;
  for (const { line, person, known } of invoice.lines) {
    if (known.at(-1)?.must || random.chance(0.2)) continue;
    holds(known, timeline.now(), { may: true, must: false });
    const answer = await scenario.operator.ask(`line ${line} of ${number}`, (_, deps) =>
      matchLine(deps, by(scenario), { invoiceId, line }, `P${person}`),
    );
    if (!answer) continue;
    acted(scenario, 'match_invoice_line', null, answer);
    if ('done' in answer) holds(known, timeline.now(), { may: true, must: true });
  }
}

/** It should not have been entered. */
async function endWrong(scenario: Scenario, invoice: ExpectedInvoice): Promise<void> {
  const { timeline } = scenario.environment;
  const { invoiceId, number, standing } = invoice;
  holds(standing, timeline.now(), { may: true, must: false });
  invoice.isWanted = false;
  await twice(scenario, async () => {
    const answer = await scenario.operator.ask(`void ${number}`, (_, deps) =>
      voidInvoice(deps, by(scenario), invoiceId, 'entered for the wrong year'),
    );
    if (!answer) return;
    acted(scenario, 'void_invoice', null, answer);
    const isOver = 'done' in answer || answer.refused === 'not_standing';
    if (isOver) holds(standing, timeline.now(), { may: false, must: false });
  });
}
