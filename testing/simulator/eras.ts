import { endOfEra } from './check/check.ts';
import { HOUR_MS, YEAR } from './plan.ts';
import type { Scene } from './scene.ts';
import { resume } from './happen/assessment.ts';

/**
 * A ledger ends when it is lost or replaced by an older one. What was asked of it and is not in the
 * next one does not bind that one; what was asked before is checked while it is there.
 */
export async function endEra(scene: Scene): Promise<void> {
  const { violations, fees } = await endOfEra(scene);
  scene.truth.found.push(...violations);
  scene.truth.eras.push({ until: scene.setting.timeline.now(), fees });
}

/** What is true of the ledger that is there now, which has nothing that came after `knownUntil`. */
export async function relearn(scene: Scene, knownUntil: number): Promise<void> {
  const { truth, plain, setting } = scene;
  const now = setting.timeline.now();
  truth.acts = truth.acts.filter(({ answeredAt }) => answeredAt <= knownUntil);
  const assessments = await plain.assessments.list();
  truth.opened = new Set(assessments.map(({ assessmentId }) => assessmentId));
  for (const pause of truth.pauses) pause.until = Math.min(pause.until, Math.max(pause.from, now));
  if (assessments.some(({ pausedAt }) => pausedAt !== null)) {
    const pause = { from: now, until: Infinity };
    truth.pauses.push(pause);
    const ms = setting.random.between(1, 40) * HOUR_MS;
    setting.timeline.at(now + ms, () => void resume(scene, pause));
  }
  const known = await plain.clinicians.list({ limit: 1_000 });
  for (const person of truth.people) {
    const row = known.find(({ ref }) => ref === person.plan.ref);
    person.clinicianId = row?.clinicianId ?? null;
    // Until the next upload the ledger believes what it believed then.
    person.vendors.push({ from: now, vendor: row?.vendor ?? person.row.vendor });
    person.customers.push({ askedAt: now, from: now, customer: row?.stripeCustomer ?? null });
    const pieces = row ? await plain.evidence.of(row.clinicianId, YEAR) : [];
    for (const { evidenceId, standing } of person.evidence) {
      const piece = pieces.find((one) => one.evidenceId === evidenceId);
      const { verdict, certainty } = piece ?? {};
      const stands = verdict ? verdict === 'accepted' : certainty === 'sure';
      if (standing.at(-1)?.stands !== stands) standing.push({ from: now, stands });
    }
  }
}
