import { CHECKS, type Breach, type Report } from '../../core/reconcile/checks.ts';
import { PaymentsRefused } from '../../gateways/payments.ts';
import type { Done, Processor } from '../../jobs/queues.ts';
import { applyMissedChanges } from './missed-changes.ts';
import type { WorkerDeps } from '../deps.ts';
import { ConflictError } from '../steps/due-fee.ts';
import { reconcileFee } from '../webhook-event.ts';
import { syncMissedEvents } from './missed-events.ts';
import { cancelOrphans } from './cancel-orphans.ts';
import { createReconcile, type ReconcileDeps } from './reconcile.ts';

/** Every hour, at a minute at which few other things happen. */
export const RECONCILE_CRON = '7 * * * *';

/** Who pauses an assessment after a breach. */
const ACTOR = 'levy verify';

type Deps = Pick<WorkerDeps, 'ledger' | 'payments' | 'log'> & Pick<ReconcileDeps, 'patienceMs'>;

/**
 * Runs the checker, on the hour for everything or when asked for one assessment. A breach nobody
 * has seen before stops charging where it was found; what was seen before stays on record, but a
 * person's resume is not undone by it.
 */
export function createReconcileJob(deps: Deps): Processor<'reconcile'> {
  const { ledger } = deps;
  const verify = createReconcile({
    ...deps,
    async catchUp(feeId, intents) {
      // Another writer is busy with the fee: what differs is looked at once more all the same.
      await reconcileFee(deps, feeId, intents).catch(ifOvertaken);
      await cancelOrphans(deps, feeId, intents);
    },
  });
  return async ({ assessmentId = null }) => {
    await hearWhatIsListed(deps);
    await applyMissedChanges(deps);
    const report = await verify.once(assessmentId);
    const breaches = breachesOf(report);
    const fresh = await ledger.findings.fresh(breaches);
    // Paused before they are on record: after a crash in between they are found afresh.
    await pause(deps, assessmentId, fresh);
    await ledger.findings.record(assessmentId, report.checkedAt, breaches);
    return outcome(report, fresh.length);
  };
}

function ifOvertaken(error: unknown): void {
  if (!(error instanceof ConflictError)) throw error;
}

/** A restricted key may not be allowed to list events; the books are checked all the same. */
async function hearWhatIsListed(deps: Deps): Promise<void> {
  try {
    await syncMissedEvents(deps);
  } catch (error) {
    if (!(error instanceof PaymentsRefused)) throw error;
    const { code } = error;
    deps.log.warn({ code }, 'Stripe lists no events for this key: a lost webhook stays lost');
  }
}

type Fresh = Breach & { assessmentId: string | null };

async function pause({ ledger, log }: Deps, scope: string | null, fresh: Fresh[]): Promise<void> {
  if (fresh.length === 0) return;
  const names = [...new Set(fresh.map(({ check }) => check))];
  const stopping = fresh.filter(({ check }) => CHECKS[check].stops);
  const everywhere = scope ? [scope] : await unpaused(ledger);
  const targets = stopping.flatMap(({ assessmentId }) => assessmentId ?? everywhere);
  for (const target of new Set(targets)) {
    const here = stopping.filter(({ assessmentId }) => (assessmentId ?? target) === target);
    await ledger.assessments.pause(target, ACTOR, reason(here));
  }
  log.error({ breaches: fresh.length, checks: names }, 'the check found new breaches');
}

async function unpaused(ledger: Deps['ledger']): Promise<string[]> {
  const all = await ledger.assessments.list();
  return all.filter(({ pausedAt }) => !pausedAt).map(({ assessmentId }) => assessmentId);
}

/** For the person who finds the assessment paused: what is wrong, with the first case of it. */
function reason(breaches: Fresh[]): string {
  const [first] = breaches;
  const which = first?.feeId ? `fee ${first.feeId}: ` : '';
  const more = breaches.length > 1 ? ` And ${breaches.length - 1} more, see the findings.` : '';
  return `The check found a breach. ${which}${first?.detail}.${more}`;
}

function breachesOf({ checks }: Report): Breach[] {
  return checks.flatMap(({ name, breaches }) => breaches.map((one) => ({ check: name, ...one })));
}

function outcome(report: Report, fresh: number): Done {
  if (report.ok) return { done: `${report.fees} fees checked, everything holds` };
  const broken = report.checks.filter(({ breaches }) => breaches.length > 0);
  const list = broken.map(({ name, breaches, more }) => `${name} ${breaches.length + more}`);
  return { failed: `breaches: ${list.join(', ')}; ${fresh} of them new` };
}
