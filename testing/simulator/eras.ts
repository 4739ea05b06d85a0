import { endOfEra } from './check/check.ts';
import { HOUR_MS, YEAR } from './plan.ts';
import type { Scenario } from './scenario.ts';
import { resume } from './events/assessment.ts';
import { watchAgain } from './events/bulk-act.ts';
import { holds } from './expected-invoice.ts';

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
  await relearnBulkActs(scenario, knownUntil);
  await relearnInvoices(scenario);
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

/** Acts on many fees stand where they stood then; whoever began them looks at them once more. */
async function relearnBulkActs(scenario: Scenario, knownUntil: number): Promise<void> {
  const { expected, plain, environment } = scenario;
  const now = environment.timeline.now();
  for (const known of expected.bulkActs) {
    const found = await plain.bulkActs.get(known.bulkId);
    known.isGone ||= found === null;
    known.isRestored = true;
    if (known.begunAt > knownUntil) known.begunAt = Infinity;
    if (known.abortedAt > knownUntil) known.abortedAt = Infinity;
    if (known.finishedAt > knownUntil) Object.assign(known, { finishedAt: Infinity, toldDone: [] });
    for (const stop of known.stops) stop.until = Math.min(stop.until, Math.max(stop.from, now));
  }
  await watchAgain(scenario);
}

/** Of the invoices, those count that the ledger has, and for whom it has them. */
async function relearnInvoices({ expected, plain, environment }: Scenario): Promise<void> {
  const now = environment.timeline.now();
  for (const { invoiceId, standing, lines } of expected.invoices) {
    const found = await plain.invoices.get(invoiceId);
    const stands = Boolean(found?.confirmedAt && !found.voidedAt);
    holds(standing, now, { may: stands, must: stands });
    if (!found) continue;
    const shown = await plain.invoices.lines(invoiceId, { limit: 1_000 });
    for (const { line, person, known } of lines) {
      const means = shown.find((one) => one.line === line)?.clinicianRef === `P${person}`;
      holds(known, now, { may: means, must: means });
    }
  }
}
