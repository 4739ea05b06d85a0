import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everyState, type EveryState } from '../support/every-state.ts';
import { FALSE_CHARGES } from './false-charges.ts';
import { FALSE_FRAMES } from './false-frames.ts';
import { FALSE_RECORDS } from './false-records.ts';
import { FALSE_RULES } from './false-rules.ts';
import { createForge, outcome, type Falsification, type Forge } from './falsify.ts';

const ALL = [...FALSE_CHARGES, ...FALSE_RECORDS, ...FALSE_FRAMES, ...FALSE_RULES];
const named = (some: Falsification[]) => some.map((one) => [one.what, one] as const);
const AS_APPLICATION = 'set local role levy_app';

let stage: EveryState;
let forge: Forge;
/** Signed in as the program is, as the owner, and as a superuser. */
let application: pg.Client;
let owner: pg.Client;
let superuser: pg.Client;
let pullDown = () => Promise.resolve();

beforeAll(async () => {
  stage = await everyState((end) => (pullDown = end));
  forge = await createForge(stage);
  const { url, appUrl } = stage.testApp.db;
  const signIn = async (address: string) => {
    const client = new pg.Client(address);
    await client.connect();
    return client;
  };
  application = await signIn(appUrl);
  owner = await signIn(url);
  superuser = await signIn(url.replace('//levy:', '//postgres:'));
}, 120_000);

afterAll(async () => {
  for (const client of [application, owner, superuser]) await client?.end();
  await pullDown();
});

it('what is right is accepted: what is refused is so for what is wrong with it', async () => {
  const right = [
    [forge.attempt('due')],
    [forge.notice('approved')],
    [forge.owe('unseen', forge.evidence.unseen), forge.write('unseen', 'approved', {})],
    [forge.pay('due', 'ch_right', ['stripe', 'receivable', 1950])],
    [forge.write('waiting', 'retry_asked', {}), forge.attempt('waiting')],
  ];
  for (const tries of right) expect(await outcome(application, [], tries)).toBe('goes through');
});

it('there are falsifications enough, each with a name of its own', () => {
  expect(new Set(ALL.map(({ what }) => what)).size).toBe(ALL.length);
  expect(ALL.length).toBeGreaterThan(100);
});

describe('nobody can', () => {
  it.each(named(ALL))('%s', async (_, { given, tries, atOnce, code }) => {
    const statements = tries(forge);
    const refused = { code, statement: atOnce ? 0 : statements.length - 1 };
    const found = given
      ? await outcome(superuser, [...given, AS_APPLICATION], statements)
      : await outcome(application, [], statements);
    expect(found).toMatchObject(refused);
  });
});

describe('not even the owner can, without changing the schema,', () => {
  const byOwner = ALL.filter(({ owner: refusal }) => refusal);
  it.each(named(byOwner))('%s', async (_, { given = [], tries, owner: refusal }) => {
    const client = given.length > 0 ? superuser : owner;
    const found = await outcome(client, given, tries(forge));
    expect(found).toMatchObject({ code: refusal });
  });
});

describe('it is the guard that refuses: without it anybody can', () => {
  it.each(named(ALL))('%s', async (_, { given = [], tries, guards }) => {
    const before = [...given, ...guards, AS_APPLICATION];
    expect(await outcome(superuser, before, tries(forge))).toBe('goes through');
  });
});
