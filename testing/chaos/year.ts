import { setTimeout as sleep } from 'node:timers/promises';
import { exportOf, hire, rosterOf } from './cast.ts';
import { now } from './history.ts';
import { YEAR, type Stage } from './stage.ts';

/** Exports come in so many parts, the first before anything is charged. */
export const WAVES = 6;

interface AssessmentNow {
  paused: { why: string } | null;
  states: { state: string; fees: number }[];
}

/** The people of the year, on the roster. */
export async function fillRoster(stage: Stage, people: number): Promise<void> {
  const { stripe, random } = stage;
  stage.players.push(...(await hire(stripe, random.fork('cast'), { people, waves: WAVES })));
  await putRoster(stage);
}

/** The beginning of the year, in peace: the opening, the first export, the first approval. */
export async function beginYear(stage: Stage): Promise<void> {
  await openYear(stage);
  await importWave(stage, 0);
  await until(stage, 60_000, async () => {
    await approve(stage);
    const current = await look(stage);
    return (
      current?.states.some(({ state }) => state === 'approved' || state === 'noticed') ?? false
    );
  });
}

/** Uploads the roster as the office has it by now. Nobody on it is to be refused. */
export async function putRoster(stage: Stage): Promise<void> {
  const { refused } = await stage.operator.insist('PUT', ROSTER, rosterNow(stage));
  if (refused !== 0) note(stage, `the right roster was refused for ${String(refused)} rows`);
}

export const ROSTER = '/v1/clinicians?check=none';

export function rosterNow({ players, history, refOf }: Stage): string {
  const rows = players.map((player) =>
    history.moved.has(player.ref) ? { ...player, vendor: 'therapynotes' as const } : player,
  );
  return rosterOf(rows, refOf);
}

/** Opens the year, or is given the one that is open. */
export async function openYear(stage: Stage): Promise<void> {
  const wish = { vendor: 'theranest', year: YEAR };
  const { assessmentId } = await stage.operator.insist('POST', '/v1/assessments', wish);
  stage.assessmentId = String(assessmentId);
}

/** Hands in one part of the year's exports, again and again until it is taken. */
export async function importWave(stage: Stage, wave: number): Promise<void> {
  const { history, operator, players } = stage;
  if (!history.handedIn.has(wave)) history.handedIn.set(wave, now());
  await operator.insist('POST', importPath(wave), exportOf(players, wave));
}

export const importPath = (wave: number) => `/v1/imports?fileName=billing-${wave}.csv`;

/** What an attentive office does: approves what came in, and lets go on what paused itself. */
export async function tend(stage: Stage): Promise<void> {
  const current = await look(stage);
  if (!current) return;
  if (current.paused) {
    const { why } = current.paused;
    // Two ledgers do not count together how often the cards of one number were declined.
    const isExcused = stage.history.isShared && /declines of one card/.test(why);
    if (why.startsWith('The check found a breach') && !isExcused)
      note(stage, `paused itself: ${why}`);
    stage.tally(why === BY_HAND ? 'operator: resume' : 'paused itself, resumed');
    stage.resumes += 1;
    await once(stage, 'resume', {});
    stage.resumes += 1;
  }
  if (current.states.some(({ state }) => state === 'ready')) await approve(stage);
}

export const BY_HAND = 'somebody wants to look';

/** Stops the assessment by hand; `tend` lets it go on. */
export async function pause(stage: Stage): Promise<void> {
  await once(stage, 'pause', { why: BY_HAND });
}

async function approve(stage: Stage): Promise<void> {
  const path = `/v1/assessments/${stage.assessmentId}`;
  const roster = await stage.operator.ask('GET', `${path}/roster?limit=1`);
  const hash = roster?.json['hash'];
  if (typeof hash === 'string') await once(stage, 'approve', { hash });
}

/** An act on the assessment, asked for twice at once: it must come to one result. */
async function once(stage: Stage, action: string, body: object): Promise<void> {
  const { assessmentId, operator } = stage;
  const object = `assessment ${assessmentId}`;
  const path = `/v1/assessments/${assessmentId}/${action}`;
  const { resumes } = stage;
  const answers = await operator.twice({ action, object }, path, body);
  const done = answers.filter((one) => one?.status === 200 && one.json['fees'] !== 0);
  // Resumed between the two, on a slow machine, it may be paused again.
  const isOther = action === 'resume' || (action === 'pause' && stage.resumes !== resumes);
  if (done.length > 1 && !isOther) note(stage, `${action} twice had two results`);
  if (done.length > 0) stage.tally(`operator: ${action}, asked twice at once`);
}

/** An act on a fee, asked for twice at the same moment. Gives what was answered. */
export async function actOnFee(
  { operator }: Stage,
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

async function look(stage: Stage): Promise<AssessmentNow | null> {
  const answer = await stage.operator.ask('GET', `/v1/assessments/${stage.assessmentId}`);
  return answer?.status === 200 ? (answer.json as unknown as AssessmentNow) : null;
}

export function note(stage: Stage, violation: string): void {
  const told = stage.which === 'first' ? violation : `second installation: ${violation}`;
  if (!stage.violations.includes(told)) stage.violations.push(told);
}

/**
 * Asks again, some times a second, until it is so. Gives whether it came to be so in time; throws
 * when the run is told to end.
 */
export async function until(
  { stop }: Pick<Stage, 'stop'>,
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
