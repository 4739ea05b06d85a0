import { dollars } from '../core/fee/money.ts';
import type { Report } from '../core/reconcile/checks.ts';
import { createPayments, createStripe } from '../gateways/stripe/client.ts';
import { people } from '../sandbox/samples/people.ts';
import { createReconcile } from '../workers/maintenance/reconcile.ts';
import type { Client, FeeRow } from './client.ts';
import { SILENT } from './io.ts';
import type { RunningLevy } from '../app/levy.ts';

/** The outcome of the sample year. */
export interface Outcome {
  /** One object for machines: the output of `--json`. */
  summary: {
    states: Record<string, number>;
    cents: Record<string, number>;
    emails_sent: number;
    intents: number;
    succeeded_charges: number;
    double_charges: number;
    ledger_sum: number;
    seconds: number;
  };
  fees: FeeRow[];
  /** Cents taken, by our ledger and by the sandbox Stripe's books. */
  takenCents: { ledger: number; stripe: number };
  /** The report of the checker, as in `levy verify`. */
  report: Report;
  /** Sample people whose fee ended in another state than the sample expects. */
  surprises: string[];
  right: boolean;
}

/** Adds up the year: the ledger on one side, Stripe's books and the mailbox on the other. */
export async function outcomeOf(
  { ledger, sandbox, stripeBase }: RunningLevy,
  client: Client,
  assessmentId: string,
  seconds: number,
): Promise<Outcome> {
  const states = await client.states(assessmentId);
  const fees = await client.fees(assessmentId);
  const balances = await ledger.reports.balances();
  const books = sandbox.stripe?.books('fee');
  if (!books) throw new Error('Bug! the demo needs the sandbox Stripe');
  const of = (which: 'fees' | 'cents') =>
    Object.fromEntries(Object.entries(states).map(([state, sum]) => [state, sum[which]]));
  const summary = {
    states: of('fees'),
    cents: of('cents'),
    emails_sent: sandbox.mailbox?.received() ?? 0,
    intents: Object.values(books.intents).reduce((sum, count) => sum + count, 0),
    succeeded_charges: books.succeeded.length,
    double_charges: books.doubleCharges.length,
    ledger_sum: balances.reduce((sum, { balanceCents }) => sum + balanceCents, 0),
    seconds,
  };
  const taken = balances.find(({ account }) => account === 'stripe')?.balanceCents ?? 0;
  const { charged, refunded, disputed } = books.totals;
  const takenCents = { ledger: taken, stripe: charged - refunded - disputed };
  const surprises = people
    .filter(({ ref, ending }) => fees.find((fee) => fee.ref === ref)?.state !== ending)
    .map(({ ref }) => ref);
  const payments = createPayments(createStripe(stripeBase));
  const report = await createReconcile({ ledger, payments, log: SILENT }).once(assessmentId);
  const right =
    report.ok &&
    surprises.length === 0 &&
    summary.double_charges === 0 &&
    summary.ledger_sum === 0 &&
    takenCents.ledger === takenCents.stripe;
  return { summary, fees, takenCents, report, surprises, right };
}

/** The year as a table for people, with where to look further. */
export function printOutcome(
  { summary, fees, takenCents, report, surprises }: Outcome,
  { url, sandbox }: RunningLevy,
  say: (line: string) => void,
): void {
  say('\nFee                Clinician                State          Last decline');
  for (const { ref, name, state, declinedCode } of fees.sort((a, b) => (a.ref < b.ref ? -1 : 1)))
    say(`${ref.padEnd(18)} ${name.padEnd(24)} ${state.padEnd(14)} ${declinedCode ?? ''}`.trimEnd());
  say('\nState          Fees       Cents');
  for (const [state, count] of Object.entries(summary.states))
    say(
      `${state.padEnd(14)} ${String(count).padStart(4)}  ` +
        dollars(summary.cents[state] ?? 0).padStart(10),
    );
  say(
    `\nE-mails accepted ${summary.emails_sent}, intents ${summary.intents}, charges that succeeded`,
  );
  say(
    `${summary.succeeded_charges}, double charges ${summary.double_charges}; ` +
      `accounts sum to ${summary.ledger_sum}.`,
  );
  const { ledger, stripe } = takenCents;
  const agree = ledger === stripe ? 'they agree to the cent' : 'THEY DO NOT AGREE';
  say(
    `Taken by our ledger ${dollars(ledger)}, ` +
      `by the sandbox Stripe's books ${dollars(stripe)}: ${agree}.`,
  );
  const broken = report.checks.filter(({ breaches }) => breaches.length > 0);
  say(
    broken.length === 0
      ? `All ${report.checks.length} checks of "levy verify" hold.`
      : `BROKEN, by "levy verify": ${broken.map(({ name }) => name).join(', ')}.`,
  );
  if (surprises.length > 0) say(`Ended otherwise than planned: ${surprises.join(', ')}`);
  say(`\nDone in ${summary.seconds} s. With --keep, look around: fee stories ${url}/console/fees,`);
  say(`queues ${url}/queues, mail ${sandbox.mailbox?.url}.`);
}
