import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Task } from '../../sandbox/stripe/resources/objects.ts';
import { createScheduler } from '../../sandbox/stripe/engine/scheduler.ts';

test('whatever order tasks come in, they run by their time, and none before it', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100)), fc.nat(100), (dues, now) => {
      const ran: number[] = [];
      let clock = -1;
      const scheduler = createScheduler(
        () => clock,
        ({ due }) => ran.push(due),
      );
      for (const [at, due] of dues.entries()) scheduler.add(task(`t${at}`, due));
      const sorted = [...dues].sort((a, b) => a - b);
      clock = now;
      scheduler.runDue();
      expect(ran).toEqual(sorted.filter((due) => due <= now));
      clock = 100;
      scheduler.runDue();
      expect(ran).toEqual(sorted);
      scheduler.stop();
    }),
  );
});

test('a task runs by itself when its time comes, also one that comes in before another', async () => {
  const start = performance.now();
  const ran: string[] = [];
  await new Promise<void>((resolve) => {
    const scheduler = createScheduler(
      () => performance.now() - start,
      ({ id }) => {
        ran.push(id);
        if (ran.length === 2) resolve();
      },
    );
    scheduler.add(task('late', 120));
    scheduler.add(task('early', 40));
  });
  expect(ran).toEqual(['early', 'late']);
});

function task(id: string, due: number): Task {
  return { id, due, kind: 'settle_charge', target: id };
}
