import { nextWave, waitsForAnswers } from '../core/bulk-waves.ts';
import type { Processor } from '../jobs/queues.ts';
import { WORKER, type WorkerDeps } from './deps.ts';

/** Members that are decided in one transaction. */
const PAGE = 200;
/** Pages of one job: a worker that is told to stop waits for no more than these. */
const PAGES = 50;

/**
 * Does a previewed act to its members, wave by wave. Each page of members is decided and written in
 * one transaction, so that a killed worker repeats nothing. The pump asks again until it has ended.
 */
export function createBulkAct({
  ledger,
  log,
}: Pick<WorkerDeps, 'ledger' | 'log'>): Processor<'bulk-act'> {
  const { bulkActs } = ledger;
  return async ({ bulkId }) => {
    let looked = 0;
    for (let page = 0; page < PAGES; page += 1) {
      const count = await bulkActs.decideNext(bulkId, PAGE);
      looked += count;
      if (count > 0) continue;
      const act = await bulkActs.get(bulkId);
      if (act?.state !== 'running') return { done: act?.state ?? 'gone' };
      const wave = waitsForAnswers(act.act) ? await bulkActs.wave(act) : null;
      const then = nextWave({ ...act, wave });
      if (then.then === 'wait') return { done: `${looked} members, waits for answers` };
      if (then.then === 'end') await bulkActs.finish(bulkId);
      if (then.then === 'wave') await bulkActs.beginWave(bulkId, act.waveTo, then.fees);
      if (then.then === 'pause' && (await bulkActs.pause(bulkId, WORKER, then.why)))
        log.error({ bulkId, why: then.why }, 'a bulk act was paused');
    }
    return { done: `${looked} members` };
  };
}
