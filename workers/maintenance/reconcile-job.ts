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

/** Every hour at minute 7, when few other jobs start. */
export const RECONCILE_CRON = '7 * * * *';

/** The actor who pauses an assessment after a breach. */
const ACTOR = 'levy verify';

type Deps = Pick<WorkerDeps, 'ledger' | 'payments' | 'log'> & Pick<ReconcileDeps, 'patienceMs'>;

/**
 * Reconciles: hourly for everything, or on request for one assessment. A new breach pauses charging
 * where it was found. A breach that is on record already pauses nothing, so it does not undo a
 * person's resume.
 */
export function createReconcileJob(deps: Deps): Processor<'reconcile'> {
  const { ledger } = deps;
  const verify = createReconcile({
    ...deps,
    async catchUp(feeId, intents) {
      // On a conflict another writer has changed the fee; the comparison is repeated in any case.
      await reconcileFee(deps, feeId, intents).catch(ifConflict);
      await cancelOrphans(deps, feeId, intents);
    },
  });
  return async ({ assessmentId = null }) => {
    await hearWhatIsListed(deps);
    await applyMissedChanges(deps);
    const report = await verify.once(assessmentId);
    const breaches = breachesOf(report);
    const fresh = await ledger.findings.fresh(breaches);
    // Pause first, then record: after a crash between the two, the breaches are found as new again.
    await pause(deps, assessmentId, fresh);
    await ledger.findings.record(assessmentId, report.checkedAt, breaches);
    return outcome(report, fresh.length);
  };
}

function ifConflict(error: unknown): void {
  if (!(error instanceof ConflictError)) throw error;
}

/** A restricted key may be refused the list of events; the books are checked in any case. */
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

/** For the person who finds the assessment paused: what is wrong, with the first breach. */
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
