import { applyAction, decideEvidence } from '../../../api/routes/actions.ts';
import type { Action } from '../../../core/fee/actions.ts';
import { DAY_MS } from '../plan.ts';
import { acted, feeOf, type Scene } from '../scene.ts';
import type { EvidenceTruth, Person } from '../truth.ts';
import { by, twice } from './assessment.ts';
import { alsoAt, change, newAddress } from './roster.ts';

/** An operator asks something of a person's fee, perhaps two of them at once. */
export async function act(scene: Scene, person: Person, wish: Action): Promise<void> {
  const feeId = await feeOf(scene, person);
  if (!feeId) return;
  await twice(scene, async () => {
    const answer = await scene.office.ask(`${wish.act} ${person.plan.ref}`, (_, deps) =>
      applyAction(deps, by(scene), feeId, wish),
    );
    if (answer) acted(scene, wish.act, feeId, answer);
  });
}

/** Holds a fee; usually releases it some days later. */
export async function hold(scene: Scene, person: Person): Promise<void> {
  const { timeline, random } = scene.setting;
  await act(scene, person, { act: 'hold', why: 'a question' });
  if (random.chance(0.3)) return;
  await timeline.sleep(random.between(0, 20 * DAY_MS));
  await act(scene, person, { act: 'release' });
}

/** The latest notice comes back to the practice, which hands the report on and mends it. */
export async function bounce(scene: Scene, person: Person): Promise<void> {
  const feeId = await feeOf(scene, person);
  if (!feeId) return;
  const notices = scene.setting.mailbox.received.filter(({ messageId }) =>
    messageId.startsWith(`<fee-${feeId}-notice-`),
  );
  const number = /-notice-(\d+)@/.exec(notices.at(-1)?.messageId ?? '')?.[1];
  if (!number) return;
  await act(scene, person, { act: 'bounce', why: 'bounced 5.1.1', notice: Number(number) });
  const { timeline, random } = scene.setting;
  if (random.chance(0.3)) return;
  await timeline.sleep(random.between(0, 10 * DAY_MS));
  if (random.chance(0.5)) await act(scene, person, { act: 'retry' });
  else await change(scene, person, { email: newAddress(scene, person) });
}

/** Every piece of evidence about a person turns out wrong. */
export async function withdraw(scene: Scene, person: Person): Promise<void> {
  for (const other of scene.others()) {
    const twin = alsoAt(other, person);
    if (twin) void withdrawAt(other, twin);
  }
  await withdrawAt(scene, person);
}

async function withdrawAt(scene: Scene, person: Person): Promise<void> {
  for (const piece of person.evidence) {
    if (!piece.standing.at(-1)?.stands) continue;
    const answer = await decideOn(scene, person, piece, 'refused');
    // Also when it is told that this was said before: an earlier question had come through.
    if (answer) piece.standing.push({ from: scene.setting.timeline.now(), stands: false });
  }
}

/** A person at the practice believes the weak evidence about somebody. */
export async function accept(scene: Scene, person: Person): Promise<void> {
  for (const other of scene.others()) {
    const twin = alsoAt(other, person);
    if (twin) void acceptAt(other, twin);
  }
  await acceptAt(scene, person);
}

async function acceptAt(scene: Scene, person: Person): Promise<void> {
  for (const piece of person.evidence) {
    if (piece.standing.at(-1)?.stands) continue;
    // From the question on it may count, whether or not it is answered.
    piece.standing.push({ from: scene.setting.timeline.now(), stands: true });
    await decideOn(scene, person, piece, 'accepted');
  }
}

function decideOn(
  scene: Scene,
  person: Person,
  { evidenceId }: EvidenceTruth,
  verdict: 'accepted' | 'refused',
) {
  return scene.office.ask(`${verdict} evidence of ${person.plan.ref}`, (_, deps) =>
    decideEvidence(deps, by(scene), evidenceId, verdict),
  );
}
