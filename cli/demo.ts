import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig, type Config } from '../config/config.ts';
import { createStripe } from '../gateways/stripe/client.ts';
import { freePort } from '../app/postgres/postgres.ts';
import { plantPeople } from '../sandbox/samples/plant.ts';
import { usageExports } from '../sandbox/samples/exports.ts';
import { createClient, type Client, type Roster } from './client.ts';
import type { CallOf } from './commands.ts';
import { outcomeOf, printOutcome, type Outcome } from './demo-outcome.ts';
import type { Io } from './io.ts';
import { startLevy, type RunningLevy } from '../app/levy.ts';

/** A day of the demo's year, in ms: two weeks of notice take three and a half seconds. */
const DAY_MS = 250;
/** Longest wait of the demo, in ms; a longer one means that something is wrong. */
const LIMIT_MS = 120_000;

/**
 * `levy demo`: a sample year with sample people, on the real parts. `--json` prints one object
 * instead of progress and tables; `--keep` leaves everything running for a closer look.
 */
export async function demo({ options }: CallOf<'demo'>, io: Io): Promise<number> {
  const startedAt = performance.now();
  const say = (line: string) => void (options.json ? io.stderr : io.stdout).write(`${line}\n`);
  const home = await mkdtemp(join(tmpdir(), 'levy-demo-'));
  let levy: RunningLevy | undefined;
  try {
    // Postgres' own user must pass through when root runs the demo; what is within stays private.
    await chmod(home, 0o711);
    levy = await startLevy(await demoConfig(home, io.env), (line) => say(`  ${line}`));
    const { firstToken: token } = levy;
    const client = createClient(levy.url, token ?? '');
    const outcome = await sampleYear({ levy, client, say, startedAt });
    if (options.json) io.stdout.write(`${JSON.stringify(outcome.summary)}\n`);
    else printOutcome(outcome, levy, say);
    if (options.keep) {
      say(`\nStill running. Sign in at ${levy.url}/console with ${token}`);
      say(`To check the books yourself: LEVY_HOME=${home} npm run levy -- verify`);
      say('Ctrl-C ends it.');
      await io.stopped;
    }
    return outcome.right ? 0 : 1;
  } finally {
    await levy?.close();
    await rm(home, { recursive: true, force: true });
  }
}

/**
 * The demo's configuration: built-in services, a free port unless `PORT` names one, and days of a
 * quarter of a second.
 */
export async function demoConfig(home: string, env: Io['env']): Promise<Config> {
  const { REDIS_URL, PORT, HOST } = env;
  const config = parseConfig({
    LEVY_HOME: home,
    // 0 stands for any free port.
    PORT: /^\s*0*\s*$/.test(PORT ?? '') ? String(await freePort()) : PORT,
    HOST,
    LOG_LEVEL: 'silent',
    REDIS_URL,
  });
  const policy = {
    ...config.policy,
    dayMs: DAY_MS,
    retrySoonMs: 2 * DAY_MS,
    mailRetryMs: [1_000, 1_000, 1_000],
    unknownLookMs: [1_000, 2_000],
  };
  return { ...config, policy };
}

interface Stage {
  levy: RunningLevy;
  client: Client;
  say: (line: string) => void;
  startedAt: number;
}

/** Runs the year as an operator would: through the API, one call after the other. */
export async function sampleYear({ levy, client, say, startedAt }: Stage): Promise<Outcome> {
  say(`levy runs at ${levy.url}, its queue on ${levy.queue}`);
  const { rosterCsv } = await plantPeople(createStripe(levy.stripeBase));
  const roster = await client.putRoster(rosterCsv);
  say(`Roster    ${roster.created} clinicians`);
  for (const { name, bytes } of usageExports()) {
    const read = await client.importFile(name, bytes);
    say(
      `Import    ${name}: ${read.findings} uses, ${read.clinicians} clinicians, ` +
        `${read.unmatched} unmatched, ${read.ambiguous} ambiguous`,
    );
  }
  const assessment = await client.open('theranest', 2026);
  const lookedAt = await client.until(LIMIT_MS, async () => {
    const seen = await client.roster(assessment.assessmentId);
    return seen.totals.some(({ bucket }) => bucket === 'detecting') || seen.totals.length === 0
      ? null
      : seen;
  });
  printRoster(lookedAt, say);
  const approved = await client.approve(assessment.assessmentId, lookedAt.hash);
  say(`Approved  ${approved.fees} fees, by the roster's hash`);
  let shown = '';
  await client.until(LIMIT_MS, async () => {
    const states = await client.states(assessment.assessmentId);
    const line = Object.entries(states)
      .map(([state, { fees }]) => `${state} ${fees}`)
      .join('  ');
    if (line !== shown) say(`${seconds(startedAt).padStart(7)}   ${line}`);
    shown = line;
    const fees = await client.fees(assessment.assessmentId);
    return fees.some(({ nextStep }) => nextStep !== null) ? null : states;
  });
  return outcomeOf(levy, client, assessment.assessmentId, Number(seconds(startedAt).slice(0, -1)));
}

function printRoster(roster: Roster, say: (line: string) => void): void {
  say(`Roster of the assessment, hash ${roster.hash}`);
  for (const { bucket, clinicians, cents, meaning } of roster.totals) {
    const money = cents > 0 ? `$${(cents / 100).toFixed(2)}` : '';
    say(
      `  ${String(clinicians).padStart(3)}  ${bucket.padEnd(21)} ${money.padStart(8)}  ${meaning}`,
    );
  }
}

function seconds(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)}s`;
}
