import { carriedCents } from '../expected-invoice.ts';
import type { Scenario } from '../scenario.ts';
import type { FeeFacts } from './facts.ts';
import type { Violation } from './violation.ts';

/**
 * Where only what the practice was charged is passed on: no bank is asked for money while the
 * invoices that stand, by what the practice was told, carry less for that person. An invoice that
 * was being confirmed or voided just then may count or not.
 */
export function checkInvoices({ expected, environment }: Scenario, fees: FeeFacts[]): Violation[] {
  if (environment.plan.policy.passOn !== 'invoice') return [];
  return fees.flatMap(({ feeId, person, ownTries }) =>
    ownTries.flatMap(({ charge, amountCents, decidedAt, at }) => {
      const span = { from: decidedAt, until: at };
      const cents = carriedCents(expected.invoices, person.plan.index, 'most', span);
      if (cents >= amountCents) return [];
      const what = `${charge} of ${amountCents} cents, of which the vendor had invoiced ${cents}`;
      return [{ invariant: '21 invoiced', feeId, what }];
    }),
  );
}

/** Whether the fee rightly waits for an invoice that carries it. */
export function awaitsInvoice({ expected, environment }: Scenario, fee: FeeFacts): boolean {
  const { policy } = environment.plan;
  const isWaiting = fee.state === 'noticed' || fee.state === 'retrying';
  if (policy.passOn !== 'invoice' || !isWaiting) return false;
  const now = { from: environment.timeline.now(), until: environment.timeline.now() };
  const cents = carriedCents(expected.invoices, fee.person.plan.index, 'least', now);
  return cents < Math.min(...fee.rates);
}
