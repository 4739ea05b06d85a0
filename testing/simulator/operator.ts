import type { ActionDeps } from '../../api/routes/actions.ts';
import { Problem } from '../../api/http/errors.ts';
import type { Process } from './process.ts';
import type { Environment } from './environment.ts';

/** The people at the practice, who ask levy's API and ask again when they get no answer. */
export interface Operator {
  /**
   * Asks until there is an answer: `done` with the result, or a refusal with its code. Gives null
   * when nobody answered for so long that the question was given up.
   */
  ask<T>(
    what: string,
    work: (api: Process, deps: ActionDeps) => Promise<T>,
  ): Promise<Answer<T> | null>;
}

export type Answer<T> = { done: T; askedAt: number } | { refused: string; askedAt: number };

const PATIENCE_MS = 600_000;
const TRIES = 12;

export function createOperator(
  environment: Environment,
  api: () => Process | null,
  unanswered: Set<string>,
): Operator {
  const { timeline, random, note, plan } = environment;

  function depsOf(process: Process): ActionDeps {
    const deps = {
      ledger: process.ledger,
      queues: environment.queue.port(process.lifecycle),
      log: process.deps.log,
      policy: plan.policy,
      livemode: false,
    };
    return deps as unknown as ActionDeps;
  }

  /** One request: its answer, or nothing when the process dies, hangs or fails. */
  async function request<T>(
    what: string,
    work: (api: Process, deps: ActionDeps) => Promise<T>,
  ): Promise<Answer<T> | null> {
    const process = api();
    if (!process) return null;
    const askedAt = timeline.now();
    let isOver = false;
    const answer = (async () => {
      try {
        return { done: await work(process, depsOf(process)), askedAt };
      } catch (error) {
        if (error instanceof Problem) return { refused: error.code, askedAt };
        note(`operator: ${what}: ${String(error)}`);
        return null;
      } finally {
        isOver = true;
      }
    })();
    const late = timeline.sleep(PATIENCE_MS).then(() => {
      if (!isOver) unanswered.add(what);
      return null;
    });
    return Promise.race([answer, late]);
  }

  return {
    async ask(what, work) {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const answer = await request(what, work);
        if (answer) {
          note(`operator: ${what}: ${'done' in answer ? 'done' : answer.refused}`);
          return answer;
        }
        await timeline.sleep(random.between(1, 30) * 60_000 * (tries + 1));
      }
      unanswered.add(what);
      return null;
    },
  };
}
