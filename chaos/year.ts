import { setTimeout as sleep } from 'node:timers/promises';
import { exportOf, hire, rosterOf } from './cast.ts';
import type { Stage } from './stage.ts';

/** Exports come in so many parts, the first before anything is charged. */
export const WAVES = 6;

interface AssessmentNow {
  paused: { why: string } | null;
  states: { state: string; fees: number }[];
}

/** The beginning of the year, in peace: people, the first export, the first approval. */
export async function beginYear(stage: Stage, people: number): Promise<void> {
  const { operator, stripe, random } = stage;
  stage.players.push(...(await hire(stripe, random.fork('cast'), { people, waves: WAVES })));
  await operator.insist('PUT', '/v1/clinicians?check=none', rosterOf(stage.players));
  await importWave(stage, 0);
  await until(stage, 60_000, async () => {
    await approve(stage);
    const now = await look(stage);
    return now?.states.some(({ state }) => state === 'approved' || state === 'noticed') ?? false;
  });
}

/** Hands in one part of the year's exports, again and again until it is taken. */
export async function importWave(stage: Stage, wave: number): Promise<void> {
  const path = `/v1/imports?fileName=billing-${wave}.csv`;
  await stage.operator.insist('POST', path, exportOf(stage.players, wave));
}

/** What an attentive office does: approves what came in, and lets go on what paused itself. */
export async function tend(stage: Stage): Promise<void> {
  const now = await look(stage);
  if (!now) return;
  if (now.paused) {
    if (now.paused.why.startsWith('The check found a breach'))
      note(stage, `paused itself: ${now.paused.why}`);
    stage.tally(now.paused.why === BY_HAND ? 'operator: resume' : 'paused itself, resumed');
    stage.resumes += 1;
    await once(stage, 'resume', {});
    stage.resumes += 1;
  }
  if (now.states.some(({ state }) => state === 'ready')) await approve(stage);
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

/** An act on a fee, asked for twice at the same moment. Gives how often it was answered as done. */
export async function actOnFee(
  { operator }: Stage,
  feeId: string,
  action: string,
  body: object = {},
): Promise<number> {
  const act = { action, object: `fee ${feeId}` };
  const answers = await operator.twice(act, `/v1/fees/${feeId}/${action}`, body);
  return answers.filter((answer) => answer?.status === 200).length;
}

async function look(stage: Stage): Promise<AssessmentNow | null> {
  const answer = await stage.operator.ask('GET', `/v1/assessments/${stage.assessmentId}`);
  return answer?.status === 200 ? (answer.json as unknown as AssessmentNow) : null;
}

export function note(stage: Stage, violation: string): void {
  if (!stage.violations.includes(violation)) stage.violations.push(violation);
}

/**
 * Asks again, some times a second, until it is so. Gives whether it came to be so in time; throws
 * when the run is told to end.
 */
export async function until(
  { stop }: Stage,
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
