import { endOfEra } from './check/check.ts';
import { HOUR_MS, YEAR } from './plan.ts';
import type { Scenario } from './scenario.ts';
import { resume } from './events/assessment.ts';

/**
 * A ledger ends when it is lost or replaced by an older one. What was asked of it and is not in the
 * next one does not bind that one; what was asked before is checked while it is there.
 */
export async function endEra(scenario: Scenario): Promise<void> {
  const { violations, fees } = await endOfEra(scenario);
  scenario.expected.found.push(...violations);
  scenario.expected.eras.push({ until: scenario.environment.timeline.now(), fees });
}

/** What is true of the ledger that is there now, which has nothing that came after `knownUntil`. */
export async function relearn(scenario: Scenario, knownUntil: number): Promise<void> {
  const { expected, plain, environment } = scenario;
  const now = environment.timeline.now();
  expected.acts = expected.acts.filter(({ answeredAt }) => answeredAt <= knownUntil);
  const assessments = await plain.assessments.list();
  expected.opened = new Set(assessments.map(({ assessmentId }) => assessmentId));
  for (const pause of expected.pauses)
    pause.until = Math.min(pause.until, Math.max(pause.from, now));
  if (assessments.some(({ pausedAt }) => pausedAt !== null)) {
    const pause = { from: now, until: Infinity };
    expected.pauses.push(pause);
    const ms = environment.random.between(1, 40) * HOUR_MS;
    environment.timeline.at(now + ms, () => void resume(scenario, pause));
  }
  const known = await plain.clinicians.list({ limit: 1_000 });
  for (const person of expected.people) {
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
