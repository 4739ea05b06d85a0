import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach } from 'vitest';
import { dropTestDatabases, noteFailure } from './database.ts';
import { watchHandles } from './handles.ts';

/** A closed socket takes a moment to go. */
const CLOSING_LIMIT_MS = 3_000;

const leftOpen = watchHandles();

afterEach(({ task }) => {
  if (task.result?.state === 'fail') noteFailure();
});

// Set-up hooks run last, so by now the file's own hooks have closed what they opened.
afterAll(async () => {
  await dropTestDatabases();
  const deadline = performance.now() + CLOSING_LIMIT_MS;
  while (leftOpen().length > 0 && performance.now() < deadline) await sleep(20);
  const left = leftOpen();
  if (left.length === 0) return;
  throw new Error(
    `This test file leaves open: ${left.join(', ')}. Close every server, pool, queue, worker and ` +
      'child process it starts, in afterEach or afterAll.',
  );
});
