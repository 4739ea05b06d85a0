import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError } from '../steps/due-fee.ts';
import type { WorkerDeps } from '../deps.ts';
import { reconcileFee } from '../webhook-event.ts';
import { fillSnapshot } from './reconcile.ts';

/**
 * Brings a ledger up to what Stripe has: one that was restored from a backup, lost and built anew,
 * or installed beside another. Nothing is charged and nobody is written to by it.
 */

type Deps = Pick<WorkerDeps, 'ledger' | 'payments' | 'log'>;

/** What a restore came to. */
export interface Restored {
  /** Fees to which Stripe's books had something to add. */
  behind: number;
  /** Fees that agree now and did not before. */
  changed: number;
  /** Fees that another writer was busy with, or whose intent could not be taken over. */
  left: string[];
  /** Intents of levy's at Stripe that no fee of this ledger has. */
  strangers: number;
}

/** Longest wait between two tries to ask Stripe at the start, in ms. */
const LONGEST_WAIT_MS = 60_000;

export function createRestore(deps: Deps) {
  const { ledger, log, payments } = deps;

  /**
   * Compares every fee with Stripe's books of its year and takes over what they have: payments,
   * declines, refunds and disputes. Throws `PaymentsUnavailable` and `PaymentsRefused`; once more
   * begins where it stopped, as what is taken over is not behind any more.
   */
  async function once(): Promise<Restored> {
    const scope = await ledger.invariants.scope(null);
    if (!scope) throw new Error('Bug! the scope of everything is missing');
    const books = await ledger.openSnapshot();
    try {
      await fillSnapshot(payments, books, scope.since);
      const behind = await books.behind();
      const left: string[] = [];
      let changed = 0;
      for (const { feeId, intents } of behind) {
        const isChanged = await takeOver(feeId, intents);
        if (isChanged === null) left.push(feeId);
        else if (isChanged) changed += 1;
      }
      const strangers = await books.strangers();
      return { behind: behind.length, changed, left, strangers };
    } finally {
      books.close();
    }
  }

  /** Whether the fee changed; null when it has moved on meanwhile and is left to the next time. */
  async function takeOver(feeId: string, intents: string[]): Promise<boolean | null> {
    try {
      return /^[1-9]\d* new/.test(await reconcileFee(deps, feeId, intents));
    } catch (error) {
      if (error instanceof ConflictError) return null;
      throw error;
    }
  }

  /**
   * Whether Stripe has a charge since the ledger's last entry that the ledger does not know, of a
   * fee or a customer it knows: then it is behind, as a restored one is. Throws as above.
   */
  async function isBehind(): Promise<boolean> {
    const since = await ledger.invariants.lastAnswer();
    let batch: { charge: string; feeId: string; customer: string | null }[] = [];
    for await (const { charge, feeId, customer } of payments.books({ since }).charges()) {
      batch.push({ charge, feeId, customer });
      if (batch.length < BATCH) continue;
      if (await ledger.invariants.hasUnknown(batch)) return true;
      batch = [];
    }
    return ledger.invariants.hasUnknown(batch);
  }

  /**
   * Before any work begins: recognises a ledger that is behind and brings it up to date. Gives what
   * that came to, or null when it was not behind. Throws as above.
   */
  async function ifBehind(): Promise<Restored | null> {
    if (!(await isBehind())) return null;
    log.warn({}, 'the ledger is behind Stripe, as after a restore: it is brought up to date first');
    const restored = await once();
    log.warn({ ...restored, left: restored.left.length }, 'the ledger was brought up to date');
    return restored;
  }

  /** `ifBehind`, tried until Stripe answers; gives false when `stop` came before. */
  async function beforeWork(stop: AbortSignal): Promise<boolean> {
    for (let waitMs = 1_000; !stop.aborted; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS))
      try {
        await ifBehind();
        return true;
      } catch (error) {
        const { name, code, why } = error as { name?: unknown; code?: unknown; why?: unknown };
        const fields = { error: name, code, why };
        log.warn(fields, 'nothing is sent or charged before Stripe was asked what it has');
        await sleep(waitMs, undefined, { signal: stop }).catch(() => undefined);
      }
    return false;
  }

  return { once, ifBehind, beforeWork };
}

/** Charges compared with the ledger at a time: a page of Stripe's list. */
const BATCH = 100;

export type Restore = ReturnType<typeof createRestore>;
