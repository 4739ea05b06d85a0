/**
 * Runs planned tasks when the sandbox's clock reaches them: by a timer, at every request, and
 * when the clock is advanced by hand.
 */
import type { Task } from '../resources/objects.ts';

/** A running scheduler. */
export interface Scheduler {
  /** Takes a task in; it runs when it is due. */
  add(task: Task): void;
  /** Runs everything that is due now. */
  runDue(): void;
  /** Stops the timer. Tasks stay in the store for the next start. */
  stop(): void;
}

/** A clock set by hand may stand still: then the timer looks again this often, in milliseconds. */
const LOOK_AGAIN_MS = 25;
const LONGEST_TIMER_MS = 60_000;

/** `run` does one task and removes it from the store; it must not throw. */
export function createScheduler(nowMs: () => number, run: (task: Task) => void): Scheduler {
  const waiting: Task[] = [];
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function arm(): void {
    const next = waiting[0];
    if (stopped || timer || !next) return;
    const left = next.due - nowMs();
    const wait = left <= 0 ? 0 : Math.min(Math.max(left, LOOK_AGAIN_MS), LONGEST_TIMER_MS);
    timer = setTimeout(() => {
      timer = undefined;
      runDue();
      arm();
    }, wait);
    timer.unref();
  }

  function runDue(): void {
    for (let next = waiting[0]; next && next.due <= nowMs(); next = waiting[0]) {
      takeFirst(waiting);
      run(next);
    }
  }

  return {
    add(task) {
      insert(waiting, task);
      // A task that is due before the one waited for needs an earlier timer.
      if (waiting[0] === task && timer) {
        clearTimeout(timer);
        timer = undefined;
      }
      arm();
    },
    runDue,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** Binary heap by `due`: the first element is always the next one. */
function insert(heap: Task[], task: Task): void {
  let at = heap.push(task) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as Task;
    if (above.due <= task.due) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = task;
}

function takeFirst(heap: Task[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    const right = heap[child + 1];
    if (right && right.due < (heap[child] as Task).due) child += 1;
    const below = heap[child] as Task;
    if (below.due >= last.due) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = last;
}
