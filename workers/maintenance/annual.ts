import { calendarDay } from '../../core/calendar.ts';
import type { Policy } from '../../core/policy.ts';
import type { Processor, Queues } from '../../jobs/queues.ts';
import type { WorkerDeps } from '../deps.ts';

/** The assessments that the yearly trigger opens, and how. */
export interface Annual {
  /** Cron expression and IANA zone of the trigger. */
  cron: string;
  timeZone: string;
  vendors: string[];
  autoApprove: boolean;
  policy: Policy;
  livemode: boolean;
}

/** Opens this year's assessment of every vendor named. Running it again changes nothing. */
export function createAnnual(
  { ledger, log }: Pick<WorkerDeps, 'ledger' | 'log'>,
  queues: Pick<Queues, 'enqueue'>,
  annual: Annual,
): Processor<'annual'> {
  return async () => {
    const year = Number(calendarDay(await ledger.fees.now(), annual.timeZone).slice(0, 4));
    const refused: string[] = [];
    for (const vendor of annual.vendors) {
      const { policy, autoApprove, livemode } = annual;
      const input = { vendor, year, policy, autoApprove, livemode, actor: 'the annual trigger' };
      const opening = await ledger.assessments.open(input);
      if (!opening.opened) refused.push(`${vendor} ${year}: ${opening.why}`);
      else {
        const { assessmentId } = opening.assessment;
        await queues.enqueue('open-assessment', { assessmentId });
      }
    }
    if (refused.length === 0) return { done: `assessments of ${year} opened` };
    log.error({ refused }, 'the annual trigger could not open every assessment');
    return { failed: refused.join('; ') };
  };
}
