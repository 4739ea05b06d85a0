import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError } from '../steps/due-fee.ts';
import type { WorkerDeps } from '../deps.ts';
import { reconcileFee } from '../webhook-event.ts';
import { fillSnapshot } from './reconcile.ts';

/**
 * Makes a ledger agree with Stripe after it was restored from a backup, lost and built again, or
 * installed beside another. A restore charges nobody and e-mails nobody.
 */

type Deps = Pick<WorkerDeps, 'ledger' | 'payments' | 'log'>;

/** The result of a restore. */
export interface Restored {
  /** Fees for which Stripe's books had something that the ledger lacked. */
  behind: number;
  /** Fees that got new entries. */
  changed: number;
  /** Fees left out because another writer was changing them at the same time. */
  left: string[];
  /** Orphan objects: levy's intents and charges at Stripe that no fee of this ledger has. */
  orphanObjects: number;
}

/** Longest wait between two tries to reach Stripe at the start, in ms. */
const LONGEST_WAIT_MS = 60_000;

export function createRestore(deps: Deps) {
  const { ledger, log, payments } = deps;

  /**
   * Compares every fee with Stripe's books of its year and takes over payments, declines, refunds
   * and disputes. Throws `PaymentsUnavailable` and `PaymentsRefused`. A second run continues after
   * the last fee taken over, because that fee is no longer behind.
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
      const orphanObjects = await books.orphanObjects();
      return { behind: behind.length, changed, left, orphanObjects };
    } finally {
      books.close();
    }
  }

  /** Whether the fee changed; null on a conflict, when the fee is left to the next restore. */
  async function takeOver(feeId: string, intents: string[]): Promise<boolean | null> {
    try {
      return /^[1-9]\d* new/.test(await reconcileFee(deps, feeId, intents));
    } catch (error) {
      if (error instanceof ConflictError) return null;
      throw error;
    }
  }

  /**
   * Whether Stripe has a charge, made since the ledger's last attempt or answer, that the ledger
   * does not know, of a fee or a customer it knows. Then the ledger is behind. Throws as above.
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
   * Runs before any work: if the ledger is behind, brings it up to date. Gives the result, or null
   * when the ledger was not behind. Throws as above.
   */
  async function ifBehind(): Promise<Restored | null> {
    if (!(await isBehind())) return null;
    log.warn({}, 'the ledger is behind Stripe, as after a restore: it is brought up to date first');
    const restored = await once();
    log.warn({ ...restored, left: restored.left.length }, 'the ledger was brought up to date');
    return restored;
  }

  /** Tries `ifBehind` until Stripe answers. False when `stop` was aborted before. */
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

/** Charges compared with the ledger in one statement: a page of Stripe's list. */
const BATCH = 100;

export type Restore = ReturnType<typeof createRestore>;
