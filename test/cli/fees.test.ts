import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConsoleClient, type ConsoleClient, type Visitor } from '../api/console-client.ts';
import { runLevy } from './run-levy.ts';

let consoleClient: ConsoleClient;
let operator: Visitor;
let reader: Visitor;
let url: string;
let working = true;

beforeAll(async () => {
  consoleClient = await createConsoleClient();
  operator = await consoleClient.visitor('read', 'operate');
  reader = await consoleClient.visitor('read');
  url = await consoleClient.app.listen({ host: '127.0.0.1', port: 0 });
  void work();
});
afterAll(async () => {
  working = false;
  await consoleClient.close();
});

/** What a worker does with acts that run, without the cards. */
async function work(): Promise<void> {
  const { bulkActs } = consoleClient.feeFixtures.ledger;
  while (working) {
    for (const bulkId of await bulkActs.running().catch(() => [])) {
      await bulkActs.beginWave(bulkId, 0, 1_000);
      while ((await bulkActs.decideNext(bulkId, 10)) > 0);
      await bulkActs.finish(bulkId);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const run = (argv: string[], { token = operator.token } = {}) =>
  runLevy(['fees', ...argv], { env: { LEVY_URL: url, LEVY_TOKEN: token } });
const kindsOf = async (feeId: string) =>
  (await consoleClient.feeFixtures.ledger.fees.load(feeId))?.entries.map(({ kind }) => kind);

describe('levy fees', () => {
  it('shows what would happen, and does nothing without a yes', async () => {
    const told = await run(['note', '--where', 'state=gave_up', '--why', 'called']);
    expect(told).toMatchObject({ status: 1, err: '' });
    expect(told.out).toContain('1 fees match; it would be done to 1:');
    expect(told.out).toContain('get the note into their story');
    expect(told.out).toContain('Nothing was done.');
    expect(await kindsOf(consoleClient.feeFixtures.fees.gave_up)).not.toContain('noted');
  });

  it('does it with --yes, and waits for its end', async () => {
    const argv = ['note', '--where', 'state=gave_up', '--why', 'called', '--yes'];
    const told = await run(argv);
    expect(told).toMatchObject({ status: 0, err: '' });
    expect(told.out).toContain('1 given the note');
    expect(await kindsOf(consoleClient.feeFixtures.fees.gave_up)).toContain('noted');
  });

  it('prints one JSON object, with the preview beside it', async () => {
    const told = await run(['hold', '--where', 'state=paid,held', '--why', 'x', '--yes', '--json']);
    expect(told.status).toBe(0);
    expect(JSON.parse(told.out)).toMatchObject({ act: 'hold', state: 'finished', members: 1 });
    expect(told.err).toContain('1 are left out: they are held');
  });

  it('does nothing when nothing matches that it could be done to', async () => {
    const told = await run(['send-card-link', '--where', 'state=paid', '--yes']);
    expect(told.status).toBe(1);
    expect(told.out).toContain('it would be done to 0:');
  });

  it.each([
    ['no selection', ['retry'], 2, /Say which fees/],
    ['a selection that is none', ['retry', '--where', 'state=broke'], 1, /no state “broke”/],
    ['no reason', ['hold', '--where', 'state=paid'], 1, /needs a reason/],
    ['an act that is none', ['charge', '--where', 'state=paid'], 2, /retry/],
  ])('says what is wrong with %s', async (_, argv, status, words) => {
    const told = await run(argv);
    expect(told.status).toBe(status);
    expect(told.err).toMatch(words);
  });

  it('needs a token that may operate', async () => {
    const told = await run(['retry', '--where', 'state=gave_up'], { token: reader.token });
    expect(told.status).toBe(1);
    expect(told.err).toMatch(/scope|allow/i);
  });
});
