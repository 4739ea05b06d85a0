import { setTimeout as sleep } from 'node:timers/promises';

export interface Roster {
  hash: string;
  totals: { bucket: string; meaning: string; clinicians: number; cents: number }[];
}

export interface FeeRow {
  feeId: string;
  ref: string;
  name: string;
  state: string;
  nextStep: string | null;
  declinedCode: string | null;
}

/** The client of levy's own HTTP API, for the demo and the import command. */
export type Client = ReturnType<typeof createClient>;

/**
 * Calls the API at `url` with an access token. A refused call throws with the API's code, message
 * and advice.
 */
export function createClient(url: string, token: string) {
  async function call<Answer>(
    method: string,
    path: string,
    body?: { type: string; content: string | Uint8Array },
  ): Promise<Answer> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': body.type }),
      },
      ...(body && { body: body.content }),
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as Answer;
    const { error } = JSON.parse(text) as {
      error: { code: string; message: string; help: string };
    };
    throw new Error(`${method} ${path}: ${error.code}. ${error.message} ${error.help}`);
  }
  const json = (value: unknown) => ({ type: 'application/json', content: JSON.stringify(value) });

  return {
    putRoster: (csv: string) =>
      call<{ created: number; refused: number }>('PUT', '/v1/clinicians', {
        type: 'text/csv',
        content: csv,
      }),
    importFile: (name: string, bytes: Uint8Array) =>
      call<{ findings: number; clinicians: number; unmatched: number; ambiguous: number }>(
        'POST',
        `/v1/imports?fileName=${encodeURIComponent(name)}`,
        { type: 'application/octet-stream', content: bytes },
      ),
    open: (vendor: string, year: number) =>
      call<{ assessmentId: string; enrolledAt: string | null }>(
        'POST',
        '/v1/assessments',
        json({ vendor, year }),
      ),
    roster: (id: string) => call<Roster>('GET', `/v1/assessments/${id}/roster?limit=1`),
    approve: (id: string, hash: string) =>
      call<{ fees: number }>('POST', `/v1/assessments/${id}/approve`, json({ hash })),
    async states(id: string): Promise<Record<string, { fees: number; cents: number }>> {
      type Answer = { states: { state: string; fees: number; cents: number }[] };
      const { states } = await call<Answer>('GET', `/v1/assessments/${id}`);
      return Object.fromEntries(states.map(({ state, fees, cents }) => [state, { fees, cents }]));
    },
    async fees(id: string): Promise<FeeRow[]> {
      const { fees } = await call<{ fees: FeeRow[] }>(
        'GET',
        `/v1/fees?assessmentId=${id}&limit=500`,
      );
      return fees;
    },
    /** Asks every 200 ms until there is an answer. Throws after `limitMs`. */
    async until<Answer>(limitMs: number, ask: () => Promise<Answer | null>): Promise<Answer> {
      const deadline = performance.now() + limitMs;
      for (;;) {
        const answer = await ask();
        if (answer !== null) return answer;
        if (performance.now() > deadline) throw new Error('this takes far too long: see the log');
        await sleep(200);
      }
    },
  };
}
