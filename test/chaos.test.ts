import { describe, expect, it } from 'vitest';
import { runChaos } from '../testing/chaos/run.ts';
import { queueBackends } from './support/queues.ts';

// A short run of what `npm run chaos` does for minutes: real processes, killed and cut off. It is
// the same few seconds of faults everywhere; a slow machine only takes longer to become quiet.
describe.each(queueBackends)('a year under fire, on $name', ({ name }) => {
  it('ends with nobody charged twice, unannounced, wrongly or forgotten', async () => {
    const said: string[] = [];
    const outcome = await runChaos({
      ...{ queue: name, seconds: 12, seed: 'short', people: 60, workers: 2 },
      // Two installations beside each other are tried in restore.test.ts.
      ...{ second: false, keep: false, flushAtEnd: true, stop: new AbortController().signal },
      say: (line) => void said.push(line),
    });
    expect(outcome.violations, said.join('\n')).toEqual([]);
    expect(outcome.charges).toBeGreaterThan(10);
    expect(Object.keys(outcome.faults).length).toBeGreaterThan(5);
    expect(Object.keys(outcome.faults).join()).toContain('ledger: ');
  }, 400_000);
});
