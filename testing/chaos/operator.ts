/** What the API answered: null when there was no answer at all. */
export type Answer = { status: number; json: Record<string, unknown> } | null;

/** A person, or several, at the console: everything they do goes through the API. */
export interface Operator {
  ask(method: string, path: string, body?: object | string): Promise<Answer>;
  /** The same again until the API says yes. For what is safe to repeat. */
  insist(method: string, path: string, body?: object | string): Promise<Record<string, unknown>>;
  /**
   * Two people, or one hurried hand, at the same moment. Notes what was answered, so that the
   * trail of acts can be compared with it.
   */
  twice(act: { action: string; object: string }, path: string, body?: object): Promise<Answer[]>;
  /** Acts that were answered, by `action object`: each has left a line in the audit. */
  answered: Map<string, number>;
  /** The ledger was put back to an older one, with its audit: acts are counted from here on. */
  forget(): void;
  /** From now on with this token. */
  signIn(token: string): void;
}

/** An API that stands still is given up after so long. */
const PATIENCE_MS = 8_000;
/** The longest anybody insists, in ms. */
const INSIST_MS = 300_000;

/** `stop`: nobody insists on anything any more. */
export function createOperator(url: string, stop: AbortSignal): Operator {
  const answered = new Map<string, number>();
  let token = '';
  let era = 0;

  async function ask(method: string, path: string, body?: object | string): Promise<Answer> {
    const type = typeof body === 'string' ? 'text/csv' : 'application/json';
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': type }) },
        ...(body && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const text = await response.text();
      const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
      return { status: response.status, json };
    } catch {
      return null;
    }
  }

  return {
    ask,
    answered,
    forget() {
      answered.clear();
      era += 1;
    },
    signIn: (given) => void (token = given),
    async insist(method, path, body) {
      const deadline = performance.now() + INSIST_MS;
      for (;;) {
        stop.throwIfAborted();
        const answer = await ask(method, path, body);
        if (answer && answer.status < 300) return answer.json;
        if (performance.now() > deadline || (answer && answer.status < 500 && isFinal(answer)))
          throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    async twice({ action, object }, path, body) {
      const asked = era;
      const answers = await Promise.all([ask('POST', path, body), ask('POST', path, body)]);
      if (asked !== era) return answers;
      // A 5xx may have come before anything was done; whatever else is an answer to the act.
      for (const answer of answers)
        if (answer && answer.status < 500) {
          const key = `${action} ${object}`;
          answered.set(key, (answered.get(key) ?? 0) + 1);
        }
      return answers;
    },
  };
}

/** Refusals that no patience changes. */
function isFinal({ status }: { status: number }): boolean {
  return status !== 409 && status !== 429;
}
