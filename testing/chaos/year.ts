import { setTimeout as sleep } from 'node:timers/promises';
import { exportOf, seedCustomers, rosterOf } from './population.ts';
import { now } from './history.ts';
import { YEAR, type Harness } from './harness.ts';

/** Exports come in so many parts, the first before anything is charged. */
export const WAVES = 6;

interface AssessmentNow {
  paused: { why: string } | null;
  states: { state: string; fees: number }[];
}

/** The people of the year, on the roster. */
export async function fillRoster(harness: Harness, people: number): Promise<void> {
  const { stripe, random } = harness;
  harness.people.push(
    ...(await seedCustomers(stripe, random.fork('cast'), { people, waves: WAVES })),
  );
  await putRoster(harness);
}

/** The beginning of the year, in peace: the opening, the first export, the first approval. */
export async function beginYear(harness: Harness): Promise<void> {
  await openYear(harness);
  await importWave(harness, 0);
  await until(harness, 60_000, async () => {
    await approve(harness);
    const current = await look(harness);
    return (
      current?.states.some(({ state }) => state === 'approved' || state === 'noticed') ?? false
    );
  });
}

/** Uploads the roster as the office has it by now. Nobody on it is to be refused. */
export async function putRoster(harness: Harness): Promise<void> {
  const { refused } = await harness.operator.insist('PUT', ROSTER, rosterNow(harness));
  if (refused !== 0) note(harness, `the right roster was refused for ${String(refused)} rows`);
}

export const ROSTER = '/v1/clinicians?check=none';

export function rosterNow({ people, history, refOf }: Harness): string {
  const rows = people.map((person) =>
    history.moved.has(person.ref) ? { ...person, vendor: 'therapynotes' as const } : person,
  );
  return rosterOf(rows, refOf);
}

/** Opens the year, or is given the one that is open. */
export async function openYear(harness: Harness): Promise<void> {
  const input = { vendor: 'theranest', year: YEAR };
  const { assessmentId } = await harness.operator.insist('POST', '/v1/assessments', input);
  harness.assessmentId = String(assessmentId);
}

/** Hands in one part of the year's exports, again and again until it is taken. */
export async function importWave(harness: Harness, wave: number): Promise<void> {
  const { history, operator, people } = harness;
  if (!history.handedIn.has(wave)) history.handedIn.set(wave, now());
  await operator.insist('POST', importPath(wave), exportOf(people, wave));
}

export const importPath = (wave: number) => `/v1/imports?fileName=billing-${wave}.csv`;

/** What an attentive office does: approves what came in, and lets go on what paused itself. */
export async function tend(harness: Harness): Promise<void> {
  const current = await look(harness);
  if (!current) return;
  if (current.paused) {
    const { why } = current.paused;
    // Two ledgers do not count together how often the cards of one number were declined.
    const isExcused = harness.history.isShared && /declines of one card/.test(why);
    if (why.startsWith('The check found a breach') && !isExcused)
      note(harness, `paused itself: ${why}`);
    harness.counter(why === BY_HAND ? 'operator: resume' : 'paused itself, resumed');
    harness.resumes += 1;
    await once(harness, 'resume', {});
    harness.resumes += 1;
  }
  if (current.states.some(({ state }) => state === 'ready')) await approve(harness);
}

export const BY_HAND = 'somebody wants to look';

/** Stops the assessment by hand; `tend` lets it go on. */
export async function pause(harness: Harness): Promise<void> {
  await once(harness, 'pause', { why: BY_HAND });
}

async function approve(harness: Harness): Promise<void> {
  const path = `/v1/assessments/${harness.assessmentId}`;
  const roster = await harness.operator.ask('GET', `${path}/roster?limit=1`);
  const hash = roster?.json['hash'];
  if (typeof hash === 'string') await once(harness, 'approve', { hash });
}

/** An act on the assessment, asked for twice at once: it must come to one result. */
async function once(harness: Harness, action: string, body: object): Promise<void> {
  const { assessmentId, operator } = harness;
  const object = `assessment ${assessmentId}`;
  const path = `/v1/assessments/${assessmentId}/${action}`;
  const { resumes } = harness;
  const answers = await operator.twice({ action, object }, path, body);
  const done = answers.filter((one) => one?.status === 200 && one.json['fees'] !== 0);
  // Resumed between the two, on a slow machine, it may be paused again.
  const isOther = action === 'resume' || (action === 'pause' && harness.resumes !== resumes);
  if (done.length > 1 && !isOther) note(harness, `${action} twice had two results`);
  if (done.length > 0) harness.counter(`operator: ${action}, asked twice at once`);
}

/** An act on a fee, asked for twice at the same moment. Gives what was answered. */
export async function actOnFee(
  { operator }: Harness,
  feeId: string,
  action: string,
  body: object = {},
): Promise<{ done: number; refused: string | null }> {
  const act = { action, object: `fee ${feeId}` };
  const answers = await operator.twice(act, `/v1/fees/${feeId}/${action}`, body);
  const done = answers.filter((answer) => answer?.status === 200).length;
  const errors = answers.flatMap((answer) => {
    const { code } = (answer?.json['error'] ?? {}) as { code?: string };
    return code && answer && answer.status < 500 ? [code] : [];
  });
  return { done, refused: errors[0] ?? null };
}

async function look(harness: Harness): Promise<AssessmentNow | null> {
  const answer = await harness.operator.ask('GET', `/v1/assessments/${harness.assessmentId}`);
  return answer?.status === 200 ? (answer.json as unknown as AssessmentNow) : null;
}

export function note(harness: Harness, violation: string): void {
  const told = harness.which === 'first' ? violation : `second installation: ${violation}`;
  if (!harness.violations.includes(told)) harness.violations.push(told);
}

/**
 * Asks again, some times a second, until it is so. Gives whether it came to be so in time; throws
 * when the run is told to end.
 */
export async function until(
  { stop }: Pick<Harness, 'stop'>,
  limitMs: number,
  isSo: () => Promise<boolean>,
): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (!(await isSo())) {
    stop.throwIfAborted();
    if (performance.now() > deadline) return false;
    await sleep(200);
  }
  return true;
}
