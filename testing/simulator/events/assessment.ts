import {
  approveRoster,
  openAssessment,
  pauseAssessment,
  resumeAssessment,
  type By,
} from '../../../api/routes/actions.ts';
import { DAY_MS, HOUR_MS, YEAR } from '../plan.ts';
import { acted, type Scenario } from '../scenario.ts';

let requests = 0;

/** An operator, in a request of its own. */
export function by(scenario: Scenario): By {
  const actor = scenario.environment.random.pick(['Ada', 'Ben']);
  return { actor, requestId: `r${(requests += 1)}` };
}

/** Opens the assessment, perhaps for the second time; perhaps two operators do at once. */
export async function open(scenario: Scenario): Promise<void> {
  const { plan } = scenario.environment;
  const request = { vendor: 'theranest', year: YEAR, autoApprove: plan.autoApprove };
  await twice(scenario, async () => {
    const answer = await scenario.operator.ask('open the assessment', (_, deps) =>
      openAssessment(deps, by(scenario), request),
    );
    if (!answer) return;
    acted(scenario, 'open_assessment', null, answer);
    if ('done' in answer) scenario.expected.opened.add(answer.done.assessment.assessmentId);
  });
}

/** Looks at the roster and approves it; on the next day again, when it had changed meanwhile. */
export async function approve(scenario: Scenario, tries = 3): Promise<void> {
  const [assessmentId] = scenario.expected.opened;
  if (!assessmentId) return;
  let isStale = false;
  await twice(scenario, async () => {
    const answer = await scenario.operator.ask('approve the roster', async (api, deps) => {
      const { hash } = await api.ledger.assessments.totals(assessmentId);
      return approveRoster(deps, by(scenario), assessmentId, hash);
    });
    if (!answer) return;
    acted(scenario, 'approve', null, answer);
    isStale = 'refused' in answer;
  });
  if (!isStale || tries <= 1) return;
  await scenario.environment.timeline.sleep(scenario.environment.random.between(2, 30) * HOUR_MS);
  await approve(scenario, tries - 1);
}

/** Pauses the assessment, and lets it go on hours or weeks later. */
export async function pause(scenario: Scenario): Promise<void> {
  const { timeline, random } = scenario.environment;
  const [assessmentId] = scenario.expected.opened;
  if (!assessmentId) return;
  const answer = await scenario.operator.ask('pause', (_, deps) =>
    pauseAssessment(deps, by(scenario), assessmentId, 'a question about the rate'),
  );
  if (!answer) return;
  acted(scenario, 'pause', null, answer);
  const interval = { from: timeline.now(), until: Infinity };
  scenario.expected.pauses.push(interval);
  await timeline.sleep(random.pick([HOUR_MS, 20 * HOUR_MS, 3 * DAY_MS, 16 * DAY_MS]));
  await resume(scenario, interval);
}

/** Lets a paused assessment go on. */
export async function resume(scenario: Scenario, interval: { until: number }): Promise<void> {
  const [assessmentId] = scenario.expected.opened;
  if (!assessmentId || interval.until !== Infinity) return;
  // Whoever paused it, and however many did: it may go on from when this was asked.
  const askedAt = scenario.environment.timeline.now();
  const goesOn = () => {
    for (const pause of scenario.expected.pauses)
      pause.until = Math.min(pause.until, Math.max(pause.from, askedAt));
  };
  goesOn();
  const answer = await scenario.operator.ask('resume', (_, deps) =>
    resumeAssessment(deps, by(scenario), assessmentId),
  );
  if (!answer) return;
  // Also what was seen to be paused still before it was done.
  goesOn();
  acted(scenario, 'resume', null, answer);
}

/** Somebody enters another rate for the year: what was opened keeps the rate it froze. */
export async function newRate(scenario: Scenario): Promise<void> {
  const royaltyCents = 1_850 + scenario.environment.random.between(1, 400);
  await scenario.operator.ask('enter another rate', (api) =>
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
export async function twice(scenario: Scenario, work: () => Promise<void>): Promise<void> {
  if (!scenario.environment.faults.strikes('two_at_once')) return work();
  await Promise.all([work(), work()]);
}
