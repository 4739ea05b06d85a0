import {
  approveRoster,
  openAssessment,
  pauseAssessment,
  resumeAssessment,
  type By,
} from '../../../api/routes/actions.ts';
import { DAY_MS, HOUR_MS, YEAR } from '../plan.ts';
import { acted, type Scene } from '../scene.ts';

let requests = 0;

/** An operator, in a request of its own. */
export function by(scene: Scene): By {
  const actor = scene.setting.random.pick(['Ada', 'Ben']);
  return { actor, requestId: `r${(requests += 1)}` };
}

/** Opens the assessment, perhaps for the second time; perhaps two operators do at once. */
export async function open(scene: Scene): Promise<void> {
  const { plan } = scene.setting;
  const wish = { vendor: 'theranest', year: YEAR, autoApprove: plan.autoApprove };
  await twice(scene, async () => {
    const answer = await scene.office.ask('open the assessment', (_, deps) =>
      openAssessment(deps, by(scene), wish),
    );
    if (!answer) return;
    acted(scene, 'open_assessment', null, answer);
    if ('done' in answer) scene.truth.opened.add(answer.done.assessment.assessmentId);
  });
}

/** Looks at the roster and approves it; on the next day again, when it had changed meanwhile. */
export async function approve(scene: Scene, tries = 3): Promise<void> {
  const [assessmentId] = scene.truth.opened;
  if (!assessmentId) return;
  let isStale = false;
  await twice(scene, async () => {
    const answer = await scene.office.ask('approve the roster', async (api, deps) => {
      const { hash } = await api.ledger.assessments.totals(assessmentId);
      return approveRoster(deps, by(scene), assessmentId, hash);
    });
    if (!answer) return;
    acted(scene, 'approve', null, answer);
    isStale = 'refused' in answer;
  });
  if (!isStale || tries <= 1) return;
  await scene.setting.timeline.sleep(scene.setting.random.between(2, 30) * HOUR_MS);
  await approve(scene, tries - 1);
}

/** Pauses the assessment, and lets it go on hours or weeks later. */
export async function pause(scene: Scene): Promise<void> {
  const { timeline, random } = scene.setting;
  const [assessmentId] = scene.truth.opened;
  if (!assessmentId) return;
  const answer = await scene.office.ask('pause', (_, deps) =>
    pauseAssessment(deps, by(scene), assessmentId, 'a question about the rate'),
  );
  if (!answer) return;
  acted(scene, 'pause', null, answer);
  const interval = { from: timeline.now(), until: Infinity };
  scene.truth.pauses.push(interval);
  await timeline.sleep(random.pick([HOUR_MS, 20 * HOUR_MS, 3 * DAY_MS, 16 * DAY_MS]));
  await resume(scene, interval);
}

/** Lets a paused assessment go on. */
export async function resume(scene: Scene, interval: { until: number }): Promise<void> {
  const [assessmentId] = scene.truth.opened;
  if (!assessmentId || interval.until !== Infinity) return;
  // Whoever paused it, and however many did: it may go on from when this was asked.
  const askedAt = scene.setting.timeline.now();
  const goesOn = () => {
    for (const pause of scene.truth.pauses)
      pause.until = Math.min(pause.until, Math.max(pause.from, askedAt));
  };
  goesOn();
  const answer = await scene.office.ask('resume', (_, deps) =>
    resumeAssessment(deps, by(scene), assessmentId),
  );
  if (!answer) return;
  // Also what was seen to be paused still before it was done.
  goesOn();
  acted(scene, 'resume', null, answer);
}

/** Somebody enters another rate for the year: what was opened keeps the rate it froze. */
export async function newRate(scene: Scene): Promise<void> {
  const royaltyCents = 1_850 + scene.setting.random.between(1, 400);
  await scene.office.ask('enter another rate', (api) =>
    api.ledger.rates.put({
      vendor: 'theranest',
      year: YEAR,
      royaltyCents,
      processingCents: 100,
      status: 'confirmed',
      source: 'simulated',
      enteredBy: 'Ada',
    }),
  );
}

/** Does it, and sometimes does it twice at the same time, as two people at two desks do. */
export async function twice(scene: Scene, work: () => Promise<void>): Promise<void> {
  if (!scene.setting.faults.strikes('two_at_once')) return work();
  await Promise.all([work(), work()]);
}
