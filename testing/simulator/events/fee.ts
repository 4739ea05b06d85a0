import { applyAction, decideEvidence } from '../../../api/routes/actions.ts';
import type { Action } from '../../../core/fee/actions.ts';
import { DAY_MS } from '../plan.ts';
import { acted, feeOf, type Scenario } from '../scenario.ts';
import type { ExpectedEvidence, Person } from '../expected.ts';
import { by, twice } from './assessment.ts';
import { alsoAt, change, newAddress } from './roster.ts';

/** An operator asks something of a person's fee, perhaps two of them at once. */
export async function act(scenario: Scenario, person: Person, action: Action): Promise<void> {
  const feeId = await feeOf(scenario, person);
  if (!feeId) return;
  await twice(scenario, async () => {
    const answer = await scenario.operator.ask(`${action.act} ${person.plan.ref}`, (_, deps) =>
      applyAction(deps, by(scenario), feeId, action),
    );
    if (answer) acted(scenario, action.act, feeId, answer);
  });
}

/** Holds a fee; usually releases it some days later. */
export async function hold(scenario: Scenario, person: Person): Promise<void> {
  const { timeline, random } = scenario.environment;
  await act(scenario, person, { act: 'hold', why: 'a question' });
  if (random.chance(0.3)) return;
  await timeline.sleep(random.between(0, 20 * DAY_MS));
  await act(scenario, person, { act: 'release' });
}

/** The latest notice comes back to the practice, which hands the report on and mends it. */
export async function bounce(scenario: Scenario, person: Person): Promise<void> {
  const feeId = await feeOf(scenario, person);
  if (!feeId) return;
  const notices = scenario.environment.mailbox.received.filter(({ messageId }) =>
    messageId.startsWith(`<fee-${feeId}-notice-`),
  );
  const number = /-notice-(\d+)@/.exec(notices.at(-1)?.messageId ?? '')?.[1];
  if (!number) return;
  await act(scenario, person, { act: 'bounce', why: 'bounced 5.1.1', notice: Number(number) });
  const { timeline, random } = scenario.environment;
  if (random.chance(0.3)) return;
  await timeline.sleep(random.between(0, 10 * DAY_MS));
  if (random.chance(0.5)) await act(scenario, person, { act: 'retry' });
  else await change(scenario, person, { email: newAddress(scenario, person) });
}

/** Every piece of evidence about a person turns out wrong. */
export async function withdraw(scenario: Scenario, person: Person): Promise<void> {
  for (const other of scenario.others()) {
    const twin = alsoAt(other, person);
    if (twin) void withdrawAt(other, twin);
  }
  await withdrawAt(scenario, person);
}

async function withdrawAt(scenario: Scenario, person: Person): Promise<void> {
  for (const piece of person.evidence) {
    if (!piece.standing.at(-1)?.stands) continue;
    const answer = await decideOn(scenario, person, piece, 'refused');
    // Also when it is told that this was said before: an earlier question had come through.
    if (answer) piece.standing.push({ from: scenario.environment.timeline.now(), stands: false });
  }
}

/** A person at the practice believes the weak evidence about somebody. */
export async function accept(scenario: Scenario, person: Person): Promise<void> {
  for (const other of scenario.others()) {
    const twin = alsoAt(other, person);
    if (twin) void acceptAt(other, twin);
  }
  await acceptAt(scenario, person);
}

async function acceptAt(scenario: Scenario, person: Person): Promise<void> {
  for (const piece of person.evidence) {
    if (piece.standing.at(-1)?.stands) continue;
    // From the question on it may count, whether or not it is answered.
    piece.standing.push({ from: scenario.environment.timeline.now(), stands: true });
    await decideOn(scenario, person, piece, 'accepted');
  }
}

function decideOn(
  scenario: Scenario,
  person: Person,
  { evidenceId }: ExpectedEvidence,
  verdict: 'accepted' | 'refused',
) {
  return scenario.operator.ask(`${verdict} evidence of ${person.plan.ref}`, (_, deps) =>
    decideEvidence(deps, by(scenario), evidenceId, verdict),
  );
}
