import type { FeeStatus } from '../../../core/fee/fee.ts';
import { createPayments } from '../../../gateways/stripe/client.ts';
import { createReconcile } from '../../../workers/maintenance/reconcile.ts';
import type { Scenario } from '../scenario.ts';
import { checkBulkActs, checkBulkEnds } from './bulk-acts.ts';
import { checkCards } from './cards.ts';
import { checkCustomers } from './customers.ts';
import { doubles } from './doubles.ts';
import { checkEnds } from './ends.ts';
import { collect, feesNow, type FeeFacts } from './facts.ts';
import { checkInvoices } from './invoices.ts';
import type { FeeRow, Violation } from './violation.ts';
import { checkMoney } from './money.ts';
import { checkMoved } from './moved.ts';
import { checkNotices } from './notices.ts';
import { checkErrors, checkSecrets } from './secrets.ts';
import { settleExpected } from './uncertain.ts';
import { checkAudit, checkOperatorRequests } from './operator-requests.ts';

/**
 * What must hold when the year is over: the production's own check over the ledger and Stripe's
 * books, and what only the simulator can see, because it owns Stripe, the mailboxes, the banks
 * and the people.
 */
export async function checkEverything(
  scenario: Scenario,
): Promise<{ violations: Violation[]; fees: FeeFacts[] }> {
  const settled = await settleExpected(scenario);
  const fees = await collect(scenario);
  const { rows } = await scenario.environment.database.query(
    'select count(*)::integer as open from webhook_events where handled_at is null',
  );
  const violations = [
    ...scenario.expected.found,
    ...settled,
    ...(await verified(scenario, fees)),
    ...checkMoney(scenario, fees),
    ...checkNotices(scenario, fees),
    ...checkCustomers(scenario, fees),
    ...checkCards(scenario, fees),
    ...checkOperatorRequests(scenario, fees),
    ...checkAudit(scenario, await audits(scenario)),
    ...(await bulkActs(scenario, await feesNow(scenario))),
    ...checkBulkEnds(await openBulkActs(scenario)),
    ...checkInvoices(scenario, fees),
    ...checkMoved(scenario, fees),
    ...checkEnds(scenario, fees, (rows[0] as { open: number }).open),
    ...checkSecrets(scenario, fees),
    ...checkErrors(scenario),
  ];
  return { violations, fees };
}

/** What a ledger says before it is lost or replaced, and what of it can only be checked now. */
export async function endOfEra(
  scenario: Scenario,
): Promise<{ violations: Violation[]; fees: FeeRow[] }> {
  const fees = await feesNow(scenario);
  return {
    violations: [
      ...checkAudit(scenario, await audits(scenario)),
      ...(await bulkActs(scenario, fees)),
    ],
    fees,
  };
}

/**
 * The production's check, reading Stripe without faults. It must name that somebody was charged
 * twice, whoever did it, and nothing else; what other ledgers left at Stripe may be named, too.
 */
async function verified(scenario: Scenario, fees: FeeFacts[]): Promise<Violation[]> {
  const { plain, environment } = scenario;
  const asker = {
    decidedAt: environment.timeline.now(),
    site: environment.site,
    isAlive: () => true,
  };
  const payments = createPayments(environment.stripe(asker));
  const log = { info: environment.say, warn: environment.say, error: environment.say };
  const ledger = environment.mutation.ledger?.(plain) ?? plain;
  const report = await createReconcile({ ledger, log, payments, patienceMs: 0 }).once();
  const twice = doubles(scenario);
  const found = report.checks.flatMap(({ name, breaches }) =>
    breaches.map(({ feeId, detail }) => ({ invariant: name, feeId, what: detail })),
  );
  const blind = twice.filter(
    ({ charges }) =>
      !found.some(
        ({ invariant, what }) =>
          invariant === 'one_charge' && charges.some(({ id }) => what.includes(id)),
      ),
  );
  const missed = blind.map(({ ref, charges }) => {
    const what = `${ref} has ${charges.map(({ id }) => id).join(' and ')}, and nothing is said`;
    return { invariant: 'verify is blind', feeId: null, what };
  });
  const strange = environment.plan.scheduledEvents.some(({ kind }) => MAKES_STRANGERS.has(kind));
  // Another ledger charged somebody who by this one owes nothing: a person has to see that.
  const isOwed = (feeId: string | null) => {
    const state = fees.find((fee) => fee.feeId === feeId)?.state;
    return !state || !OWES_NOTHING.has(state);
  };
  const mayBeNamed = ({ invariant, feeId, what }: Violation) =>
    (strange && (invariant === 'orphan_objects' || !isOwed(feeId))) ||
    // A card of several people, one of whom this ledger does not know by customer: a person looks.
    (strange && invariant === 'one_charge' && what.includes('charges of one card')) ||
    (twice.length > 0 && ['one_charge', 'objects', 'cents'].includes(invariant));
  return [...missed, ...found.filter((one) => !mayBeNamed(one))];
}

const OWES_NOTHING = new Set<FeeStatus>(['detecting', 'no_use', 'exempt']);

/** After these Stripe may hold something of levy's that the ledger at hand has no fee for. */
const MAKES_STRANGERS: ReadonlySet<string> = new Set([
  'ledger_lost',
  'dump_restored',
  'second_installation',
  'charged_elsewhere',
]);

async function audits({ environment }: Scenario): Promise<Map<string, number>> {
  const { rows } = await environment.database.query(
    'select action, count(*)::integer as lines from audit group by action',
  );
  return new Map(
    (rows as { action: string; lines: number }[]).map(({ action, lines }) => [action, lines]),
  );
}

async function bulkActs(scenario: Scenario, fees: FeeRow[]): Promise<Violation[]> {
  if (scenario.expected.bulkActs.length === 0) return [];
  const { rows } = await scenario.environment.database.query(BEGUN);
  const lines = (rows as { id: string; lines: number }[]).map(
    (one) => [one.id, one.lines] as const,
  );
  return checkBulkActs(scenario, fees, new Map(lines));
}

/** How often the audit says of each act on many fees that it was begun. */
const BEGUN = `
  select substr(object, length('bulk act ') + 1) as id, count(*)::integer as lines from audit
  where action = 'start_bulk_act' and detail ->> 'outcome' = 'done' group by object`;

async function openBulkActs({ environment }: Scenario) {
  const { rows } = await environment.database.query(
    `select bulk_id as "bulkId", state from bulk_acts where state in ('running', 'paused')`,
  );
  return rows as { bulkId: string; state: string }[];
}
