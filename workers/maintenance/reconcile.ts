import { setTimeout as sleep } from 'node:timers/promises';
import { checkFee } from '../../core/reconcile/check-fee.ts';
import { compareWithSnapshot } from '../../core/reconcile/compare-stripe.ts';
import { createTally, type Breach, type Report } from '../../core/reconcile/checks.ts';
import type { Payments } from '../../gateways/payments.ts';
import type { SnapshotKind, FeeComparison, StripeSnapshot } from '../../ledger/stripe-snapshot.ts';
import type { CheckScope } from '../../ledger/invariants.ts';
import type { WorkerDeps } from '../deps.ts';

/** Fees looked at in one go, and lines of Stripe's books written in one go. */
const PAGE = 1_000;
/** Fees that differ from Stripe's books are looked at once more, as many as this one by one. */
const SECOND_LOOKS = 500;
/** Before the first of all fees. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

export interface ReconcileDeps extends Pick<WorkerDeps, 'ledger' | 'log'> {
  payments: Pick<Payments, 'books' | 'booksOf'>;
  /**
   * How long, in ms, something at Stripe may be news to the ledger before it is a breach: webhooks
   * and the jobs that follow them need a moment. 10 s unless given.
   */
  patienceMs?: number;
  /**
   * How late, in ms, a fee may be before it counts as forgotten: a million charges that become due
   * at the same hour take four hours at what Stripe allows. 6 hours unless given.
   */
  slackMs?: number;
  /**
   * Brings a fee up to what Stripe says, which has these intents of it. Without it, news from
   * Stripe is only reported.
   */
  catchUp?: (feeId: string, intents: string[]) => Promise<unknown>;
}

/**
 * The checker: proves what must always hold, by the ledger and by Stripe's own books, or names
 * what breaks it. It reads, and changes nothing (but for `catchUp`, when that is given).
 */
export function createReconcile(deps: ReconcileDeps) {
  const { ledger, log, payments, slackMs = 6 * 3_600_000 } = deps;

  /**
   * Checks one assessment, or all of them. Throws when it could not look at everything: when the
   * database or Stripe does not answer (`PaymentsUnavailable`), and for an unknown assessment.
   */
  async function once(assessmentId: string | null = null): Promise<Report> {
    const scope = await ledger.invariants.scope(assessmentId);
    if (!scope) throw new Error(`There is no assessment ${assessmentId}.`);
    const tally = createTally();
    const books = await ledger.openSnapshot();
    try {
      await fillSnapshot(payments, books, scope.since);
      for (const { breaches, more } of await ledger.invariants.run(assessmentId, slackMs))
        tally.add(breaches, more);
      for (const { breaches, more } of await books.across(assessmentId)) tally.add(breaches, more);
      const differing: string[] = [];
      for await (const beside of everyFee(books, assessmentId, scope)) {
        tally.add(checkFee(beside.stored));
        const differs = !beside.moved && compareWithSnapshot(beside.booked, scope.now).length > 0;
        if (differs) differing.push(beside.stored.feeId);
      }
      tally.add(await lookAgain(deps, books, differing));
    } finally {
      books.close();
    }
    const report = tally.report(scope.now, scope.fees);
    log.info({ assessmentId, fees: report.fees, ok: report.ok }, 'everything was checked');
    return report;
  }

  return { once };
}

export type Reconcile = ReturnType<typeof createReconcile>;

/** Stripe's books from `since` on, written where they can be compared, all kinds at once. */
export async function fillSnapshot(
  payments: Pick<Payments, 'books'>,
  books: StripeSnapshot,
  since: Date,
): Promise<void> {
  const theirs = payments.books({ since });
  const copy = async (kind: SnapshotKind) => {
    let lines: object[] = [];
    for await (const line of theirs[kind]()) {
      lines.push(line);
      if (lines.length < PAGE) continue;
      await books.add(kind, lines);
      lines = [];
    }
    await books.add(kind, lines);
  };
  const kinds = ['intents', 'charges', 'refunds', 'disputes', 'movements'] as const;
  const copied = await Promise.allSettled(kinds.map(copy));
  // Only when all have ended may the connection be closed under them.
  for (const one of copied) if (one.status === 'rejected') throw one.reason;
  await books.ready();
}

async function* everyFee(
  books: StripeSnapshot,
  assessmentId: string | null,
  { now: since }: CheckScope,
): AsyncGenerator<FeeComparison> {
  const fetch = (after: string) => books.page({ assessmentId, after, limit: PAGE, since });
  let coming: Promise<FeeComparison[]> | null = fetch(FIRST_ID);
  while (coming) {
    const page: FeeComparison[] = await coming;
    const last = page.at(-1);
    // The database reads the next page while this one is being looked at.
    coming = last && page.length === PAGE ? fetch(last.stored.feeId) : null;
    coming?.catch(() => undefined);
    yield* page;
  }
}

/**
 * The ledger and Stripe cannot be read at the same instant, so a difference is believed only when
 * it is still there on a second look, after the news has had time to arrive.
 */
async function lookAgain(
  deps: ReconcileDeps,
  books: StripeSnapshot,
  differing: string[],
): Promise<Breach[]> {
  const { catchUp, patienceMs = 10_000 } = deps;
  if (differing.length === 0) return [];
  const waits = catchUp ? [0, patienceMs] : [patienceMs];
  let suspects = differing.slice(0, SECOND_LOOKS);
  let breaches: Breach[] = [];
  for (const wait of waits) {
    if (suspects.length === 0) break;
    if (wait > 0) await sleep(wait);
    if (catchUp)
      for (const { booked } of await books.chosen(suspects, await deps.ledger.fees.now()))
        await catchUp(
          booked.feeId,
          booked.books.intents.map(({ intent }) => intent),
        );
    breaches = await compareAnew(deps, books, suspects);
    suspects = [...new Set(breaches.map(({ feeId }) => feeId as string))];
  }
  // So many differences are no news on their way any more.
  const rest = differing.slice(SECOND_LOOKS);
  const now = await deps.ledger.fees.now();
  for (let start = 0; start < rest.length; start += PAGE)
    for (const { booked } of await books.chosen(rest.slice(start, start + PAGE), now))
      breaches.push(...compareWithSnapshot(booked, now));
  return breaches;
}

/** Reads these fees anew on both sides, Stripe first. */
async function compareAnew(
  { ledger, payments }: ReconcileDeps,
  books: StripeSnapshot,
  feeIds: string[],
): Promise<Breach[]> {
  const breaches: Breach[] = [];
  for (const feeId of feeIds) {
    const now = await ledger.fees.now();
    const [before] = await books.chosen([feeId], now);
    const ids = new Set(before?.booked.books.intents.map(({ intent }) => intent));
    if (before?.booked.intent) ids.add(before.booked.intent);
    const lines = await payments.booksOf([...ids]);
    await books.forget([...ids]);
    for (const kind of ['intents', 'charges', 'refunds', 'disputes', 'movements'] as const)
      await books.add(kind, lines[kind]);
    const [after] = await books.chosen([feeId], now);
    if (after && !after.moved) breaches.push(...compareWithSnapshot(after.booked, now));
  }
  return breaches;
}
