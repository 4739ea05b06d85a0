import type { FastifyRequest } from 'fastify';
import {
  bulkActOf,
  bulkNeedsWhy,
  previewBulkAct,
  startBulkAct,
  steerBulkAct,
} from '../../../api/routes/bulk-actions.ts';
import type { BulkAction } from '../../../core/fee/outlook.ts';
import { WORKER } from '../../../workers/deps.ts';
import type { ExpectedBulkAct } from '../expected-bulk-act.ts';
import { DAY_MS, HOUR_MS, YEAR } from '../plan.ts';
import type { Random } from '../random.ts';
import { acted, type Scenario } from '../scenario.ts';
import { twice } from './assessment.ts';

/** Which fees a person means by each act. */
const WHERE: Record<BulkAction, readonly string[]> = {
  note: [`year=${YEAR}`],
  hold: [`year=${YEAR}`, 'state=approved,noticed', 'state=noticed,retrying,needs_card'],
  release: ['state=held'],
  retry: ['state=retrying,gave_up,needs_card,notice_failed'],
  send_card_link: ['state=needs_card,gave_up,retrying'],
  waive: ['state=gave_up', 'state=needs_card and days>=10', 'text=P2', 'text=P0'],
  refund: ['state=paid and days>=30', 'text=P1', 'text=P3'],
};

const OFTEN = { note: 4, hold: 4, retry: 4, release: 2, send_card_link: 2, waive: 1, refund: 1 };
/** Where there are more fees than a wave has, the acts with waves are what is to be seen. */
const OFTEN_IN_LARGE = { ...OFTEN, retry: 40, hold: 8 };

/** Previews that somebody tries who finds nobody. */
const PREVIEWS = 3;
/** Most members that a practice of this size can have. */
const MANY = 200;

/** A person previews an act on many fees, perhaps begins it, steers it and sees how it ends. */
export async function actOnMany(scenario: Scenario): Promise<void> {
  const { plan, random: lived, timeline } = scenario.environment;
  const random = lived.fork(`bulk act ${timeline.now()}`);
  const isLarge = plan.people.some(({ isPoor }) => isPoor);
  for (let tries = 0; tries < PREVIEWS; tries += 1) {
    const act = random.weighted(isLarge ? OFTEN_IN_LARGE : OFTEN);
    const known = await preview(scenario, act, random.pick(WHERE[act]));
    if (!known) return;
    // Who is shown that there is nobody looks for others.
    if (known.members === 0 && tries < PREVIEWS - 1) continue;
    await goOn(scenario, known, random);
    if (act !== 'hold' || random.chance(0.2)) return;
    await timeline.sleep(random.between(0, 20 * DAY_MS));
    const release = await preview(scenario, 'release', random.pick(WHERE.release));
    if (release) await goOn(scenario, release, random);
    return;
  }
}

/** What becomes of a preview. */
async function goOn(scenario: Scenario, known: ExpectedBulkAct, random: Random): Promise<void> {
  const { timeline } = scenario.environment;
  if (random.chance(0.15)) return;
  await timeline.sleep(random.pick([0, 60_000, HOUR_MS, 5 * HOUR_MS, 20 * HOUR_MS, 25 * HOUR_MS]));
  await begin(scenario, known, random.chance(0.2));
  void watch(scenario, known);
  if (random.chance(0.6)) return;
  await timeline.sleep(random.pick([0, 300, 1_000, 3_000, 20 * HOUR_MS]));
  const isAborted = random.chance(0.3);
  await stop(scenario, known, isAborted ? 'abort' : 'pause');
}

async function preview(
  scenario: Scenario,
  act: BulkAction,
  where: string,
): Promise<ExpectedBulkAct | null> {
  const { expected, operator, environment } = scenario;
  const actor = `Cleo ${(expected.previews += 1)}`;
  const why = bulkNeedsWhy(act) ? `asked for by ${actor}` : null;
  const previewedAt = environment.timeline.now();
  const answer = await operator.ask(`preview ${act} where ${where}`, async (api, deps) => {
    const previewed = await previewBulkAct(deps, requestOf(actor), { act, why, where });
    const { bulkId, members } = previewed;
    const page = await api.ledger.bulkActs.members(bulkId, { after: 0, limit: MANY });
    return { bulkId, members, shown: page.map(({ feeId }) => feeId) };
  });
  if (!answer) return null;
  acted(scenario, 'preview_bulk_act', null, answer);
  if ('refused' in answer) return null;
  environment.note(`${actor} was shown ${act} of ${answer.done.members} fees`);
  const known: ExpectedBulkAct = {
    ...{ ...answer.done, act, actor, previewedAt },
    ...{ beginAskedAt: Infinity, begunAt: Infinity, abortedAt: Infinity, finishedAt: Infinity },
    ...{
      braked: 0,
      toldDone: [],
      stops: [],
      resumes: [],
      waves: [],
      isRestored: false,
      isGone: false,
    },
  };
  expected.bulkActs.push(known);
  return known;
}

/** Begins it; perhaps the button is pressed again, or two people press it. */
async function begin(scenario: Scenario, known: ExpectedBulkAct, again: boolean): Promise<void> {
  const { bulkId, actor } = known;
  known.beginAskedAt = Math.min(known.beginAskedAt, scenario.environment.timeline.now());
  const once = async () => {
    const answer = await scenario.operator.ask(`begin the act of ${actor}`, (_, deps) =>
      startBulkAct(deps, requestOf(actor), bulkId),
    );
    if (!answer) return;
    acted(scenario, 'start_bulk_act', null, answer);
    if ('done' in answer) known.begunAt = scenario.environment.timeline.now();
  };
  await twice(scenario, once);
  if (again) await once();
}

/** Stops it for now or for good. */
async function stop(
  scenario: Scenario,
  known: ExpectedBulkAct,
  wish: 'pause' | 'abort',
): Promise<void> {
  const { bulkId, actor } = known;
  await twice(scenario, async () => {
    const answer = await scenario.operator.ask(`${wish} the act of ${actor}`, (_, deps) =>
      steerBulkAct(deps, requestOf('Dan'), bulkId, wish),
    );
    if (!answer) return;
    acted(scenario, `${wish}_bulk_act`, null, answer);
    if ('refused' in answer) return;
    const from = scenario.environment.timeline.now();
    if (wish === 'pause') known.stops.push({ from, until: Infinity });
    else known.abortedAt = Math.min(known.abortedAt, from);
  });
}

async function resume(scenario: Scenario, known: ExpectedBulkAct): Promise<void> {
  const { bulkId } = known;
  const askedAt = scenario.environment.timeline.now();
  const goesOn = () => {
    for (const one of known.stops) one.until = Math.min(one.until, Math.max(one.from, askedAt));
  };
  goesOn();
  known.resumes.push(askedAt);
  const answer = await scenario.operator.ask(resumeOf(known), (_, deps) =>
    steerBulkAct(deps, requestOf('Dan'), bulkId, 'resume'),
  );
  if (!answer) return;
  goesOn();
  acted(scenario, 'resume_bulk_act', null, answer);
}

/** What a person asks who lets it go on. */
export function resumeOf({ actor }: ExpectedBulkAct): string {
  return `resume the act of ${actor}`;
}

/** Looks at an act until it has ended, and decides about one that stands still. */
async function watch(scenario: Scenario, known: ExpectedBulkAct): Promise<void> {
  const { timeline, random: lived } = scenario.environment;
  const random = lived.fork(`watch ${known.actor} ${timeline.now()}`);
  for (let waitMs = 600_000; ; waitMs = Math.min(2 * waitMs, 6 * DAY_MS)) {
    await timeline.sleep(waitMs);
    if (known.isGone) return;
    const answer = await look(scenario, known);
    if (!answer) continue;
    if ('refused' in answer) return;
    const { state, pausedBy, toldDone } = answer.done;
    if (state === 'previewed' || state === 'aborted') return;
    if (state === 'finished') {
      Object.assign(known, { toldDone, finishedAt: timeline.now() });
      return;
    }
    if (state !== 'paused') continue;
    waitMs = HOUR_MS;
    if (pausedBy === WORKER) known.braked += 1;
    await timeline.sleep(random.between(0, 40) * HOUR_MS);
    if (random.chance(0.8)) await resume(scenario, known);
    else await stop(scenario, known, 'abort');
  }
}

/** Somebody looks at all acts that have not ended, whoever began them. */
export async function watchAgain(scenario: Scenario): Promise<void> {
  for (const known of scenario.expected.bulkActs) {
    const found = await scenario.plain.bulkActs.get(known.bulkId);
    if (found?.state === 'running' || found?.state === 'paused') void watch(scenario, known);
  }
}

/** What the act's page shows: where it stands, and to which fees it was done. */
function look({ operator }: Scenario, { actor, bulkId }: ExpectedBulkAct) {
  return operator.ask(`look at the act of ${actor}`, async (api, deps) => {
    const { state, pausedBy } = await bulkActOf(deps, bulkId);
    const page = await api.ledger.bulkActs.members(bulkId, { after: 0, limit: MANY });
    const done = page.filter(({ result }) => result === 'done');
    return { state, pausedBy, toldDone: done.map(({ feeId }) => feeId) };
  });
}

/** A request of somebody who is signed in, as far as the acts look at it. */
function requestOf(name: string): FastifyRequest {
  const caller = { name, scopes: ['read', 'operate', 'approve'], person: null };
  return { id: `of ${name}`, caller } as unknown as FastifyRequest;
}
