import { setTimeout as sleep } from 'node:timers/promises';
import { checkFee } from '../../core/reconcile/check-fee.ts';
import { compareWithSnapshot } from '../../core/reconcile/compare-stripe.ts';
import { createTally, type Breach, type Report } from '../../core/reconcile/checks.ts';
import type { Payments } from '../../gateways/payments.ts';
import type { SnapshotKind, FeeComparison, StripeSnapshot } from '../../ledger/stripe-snapshot.ts';
import type { CheckScope } from '../../ledger/invariants.ts';
import type { WorkerDeps } from '../deps.ts';

/** Fees compared in one statement, and lines of Stripe's books written in one statement. */
const PAGE = 1_000;
/** Most fees that are compared a second time, one by one, when they differ from Stripe's books. */
const SECOND_LOOKS = 500;
/** Sorts before the id of every fee. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

export interface ReconcileDeps extends Pick<WorkerDeps, 'ledger' | 'log'> {
  payments: Pick<Payments, 'books' | 'booksOf'>;
  /**
   * How long, in ms, Stripe may be ahead of the ledger before that is a breach: webhooks and the
   * jobs that follow them need a moment. 10,000 unless given.
   */
  patienceMs?: number;
  /**
   * How late, in ms, a fee may be before it counts as forgotten: a million charges that become due
   * at the same hour take four hours within Stripe's rate limits. 6 hours unless given.
   */
  slackMs?: number;
  /**
   * Makes a fee agree with Stripe, which has these intents for it. Without it, a difference is only
   * reported.
   */
  catchUp?: (feeId: string, intents: string[]) => Promise<unknown>;
}

/**
 * Creates the checker: it verifies the invariants against the ledger and Stripe's books, and names
 * every breach. It only reads, except through `catchUp` when that is given.
 */
export function createReconcile(deps: ReconcileDeps) {
  const { ledger, log, payments, slackMs = 6 * 3_600_000 } = deps;

  /**
   * Checks one assessment, or all when null. Throws when it could not check everything: an error of
   * the database, `PaymentsUnavailable` or `PaymentsRefused`, or when there is no such assessment.
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

/** Copies Stripe's books from `since` on into the snapshot. Throws as the gateway does. */
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
  // All copies have ended here: an error thrown earlier would close their connection too soon.
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
 * The ledger and Stripe cannot be read at the same instant. So a difference is a breach only when
 * it is still there on a second look, after webhooks had time to arrive.
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
  // So many differences are not explained by webhooks that are still on their way.
  const rest = differing.slice(SECOND_LOOKS);
  const now = await deps.ledger.fees.now();
  for (let start = 0; start < rest.length; start += PAGE)
    for (const { booked } of await books.chosen(rest.slice(start, start + PAGE), now))
      breaches.push(...compareWithSnapshot(booked, now));
  return breaches;
}

/** Reads these fees again on both sides, Stripe first, and gives the differences. */
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
