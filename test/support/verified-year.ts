import type { Report } from '../../core/reconcile/checks.ts';
import { createReconcile } from '../../workers/maintenance/reconcile.ts';
import { createTestApp, type TestApp } from './test-app.ts';
import { queueBackends } from './queues.ts';
import { createTamper } from './tamper.ts';
import { feeOf, liveYear, type Somebody } from './year.ts';

/** A year that was lived to its end, and ways to break it and to see what the checker finds. */
export type VerifiedYear = Awaited<ReturnType<typeof openVerifiedYear>>;

/** Lives a year with these people. To be closed. */
export async function openVerifiedYear(people: Somebody[]) {
  let close = () => Promise.resolve();
  const testApp = await createTestApp(queueBackends[0]!, (pullDown) => (close = pullDown));
  const assessmentId = await liveYear(testApp, people);

  const check = (slackMs?: number): Promise<Report> =>
    createReconcile({ ...testApp.deps, patienceMs: 0, slackMs }).once();

  /** What a check finds after an act that it had not found before: `check fee`, each once. */
  async function newly(act: () => Promise<unknown>, slackMs?: number): Promise<string[]> {
    const before = broken(await check(slackMs));
    await act();
    const after = broken(await check(slackMs));
    const found = [...after].filter(([detail]) => !before.has(detail)).map(([, which]) => which);
    return [...new Set(found)].sort();
  }

  /**
   * What a check newly finds after an act on somebody's fee: the check alone where it names that
   * very fee, `check nobody` where it names none, and another fee's id where it names another.
   */
  async function named(
    ref: string,
    act: (feeId: string) => Promise<unknown>,
    slackMs?: number,
  ): Promise<string[]> {
    const feeId = await feeOf(testApp, ref);
    return (await newly(() => act(feeId), slackMs)).map((one) => one.replace(` ${feeId}`, ''));
  }

  return {
    ...{ testApp, assessmentId, check, newly, named },
    tamper: createTamper(testApp.db.pool),
    close: () => close(),
  };
}

/** The breaches of a report, each with the check and the fee it names. */
export function broken({ checks }: Report): Map<string, string> {
  return new Map(
    checks.flatMap(({ name, breaches }) =>
      breaches.map(({ feeId, detail }) => [
        `${name} ${feeId} ${detail}`,
        `${name} ${feeId ?? 'nobody'}`,
      ]),
    ),
  );
}

/** The intent and the customer of a fee. */
export async function stripeSideOf({ ledger }: TestApp, feeId: string) {
  const feeRecord = await ledger.fees.load(feeId);
  const opened = feeRecord?.entries.find(({ kind }) => kind === 'intent_opened');
  const intent = opened?.kind === 'intent_opened' ? opened.data.intent : '';
  return { intent, customer: feeRecord?.clinician.stripeCustomer ?? '' };
}

/** A payment at Stripe that carries a fee and of which levy knows nothing; gives its intent. */
export async function payBehind(
  { stripe }: TestApp,
  fee: string,
  by: { card?: string; customer?: string; year?: string } = {},
): Promise<string> {
  const { card = 'pm_card_visa', customer, year = '2026' } = by;
  const attached = customer && (await stripe.paymentMethods.attach(card, { customer })).id;
  const { id } = await stripe.paymentIntents.create({
    ...{ amount: 1950, currency: 'usd', confirm: true, payment_method: attached ?? card },
    ...(customer && { customer }),
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    metadata: { fee, year },
  });
  return id;
}
