import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../history.ts';
import type { Harness } from '../harness.ts';
import type { Fault } from './fault.ts';
import { anyFee, forget, type SomeFee } from './some-fee.ts';

/** Stripe answers badly, or not at all; its events come late, often, in disorder or never. */
export const STRIPE_FAULTS: Fault[] = [
  burst('rate_limit', '*', 12),
  burst('lock_timeout', 'confirm', 6),
  burst('status_500', 'confirm', 3),
  burst('status_500_after_commit', 'confirm', 3),
  burst('status_500_after_commit', 'payment_intents.create', 3),
  burst('status_500', 'payment_intents.create', 2),
  burst('truncate', 'payment_intents.*', 3),
  burst('timeout_after_commit', 'confirm', 1),
  burst('timeout', 'confirm', 1),
  // The key is in use meanwhile: whoever asks again with it hears a conflict.
  burst('delay', 'confirm', 3, 4_000),
  outage('stripe'),
  outage('mail'),
  webhooks('lost', { mode: 'lose' }),
  webhooks('held, then in reverse', { mode: 'hold', order: 'reversed' }),
  webhooks('each ten times', { copies: 10 }),
  {
    name: 'events sent again',
    weight: 1,
    async strike(harness) {
      const { rows } = await harness.pool.query<{ event_id: string }>(
        'select event_id from webhook_events order by random() limit 20',
      );
      for (const { event_id } of rows) await harness.control('POST', `events/${event_id}/resend`);
      harness.counter('webhooks: old events sent again');
    },
  },
];

/** What banks and cardholders do, and what somebody does in Stripe's dashboard. */
export const BANK_FAULTS: Fault[] = [
  bank(
    'a bank renews the card on file',
    ['noticed', 'retrying', 'needs_card'],
    async (harness, fee) => {
      const { renewed } = harness.history;
      renewed.set(fee.card, [...(renewed.get(fee.card) ?? []), now()]);
      await harness.control('POST', `cards/${fee.card}/update`);
    },
  ),
  bank('another card is saved', ['needs_card', 'gave_up', 'retrying'], async (harness, fee) => {
    await harness.stripe.paymentMethods.attach('pm_card_mastercard', { customer: fee.customer });
  }),
  bank('the card on file is detached', ['noticed', 'approved'], async (harness, fee) => {
    forget(harness, fee);
    await harness.stripe.paymentMethods.detach(fee.card);
  }),
  bank('the customer is deleted', ['noticed', 'retrying'], async (harness, fee) => {
    forget(harness, fee);
    await harness.stripe.customers.del(fee.customer);
  }),
  bank('a refund is made in the dashboard', ['paid'], async (harness, fee) => {
    forget(harness, fee);
    const amount = harness.random.chance(0.5) ? 700 : undefined;
    await harness.stripe.refunds.create({ payment_intent: fee.intent, amount });
  }),
  bank('a charge is disputed', ['paid'], async (harness, fee) => {
    forget(harness, fee);
    const { id } = await harness.control('POST', 'disputes', { payment_intent: fee.intent });
    await sleep(harness.random.between(200, 3_000));
    const status = harness.random.pick(['won', 'lost', null]);
    if (status) await harness.control('POST', `disputes/${String(id)}/close`, { status });
  }),
  bank('a refund fails after the fact', ['refunded'], async (harness, fee) => {
    forget(harness, fee);
    const { data } = await harness.stripe.refunds.list({ payment_intent: fee.intent });
    if (data[0]) await harness.control('POST', `refunds/${data[0].id}/fail`);
  }),
  bank('the intent is paid elsewhere', ['retrying', 'needs_card'], async (harness, fee) => {
    forget(harness, fee);
    await harness.stripe.paymentIntents.confirm(fee.intent, { payment_method: 'pm_card_visa' });
  }),
  bank('the intent is canceled in the dashboard', ['retrying'], async (harness, fee) => {
    forget(harness, fee);
    await harness.stripe.paymentIntents.cancel(fee.intent);
  }),
];

function burst(kind: string, route: string, times: number, delayMs = 0): Fault {
  const name = `Stripe: ${kind} on ${route}`;
  return {
    name,
    weight: 1,
    async strike(harness) {
      await harness.control('POST', 'faults', { kind, route, times, delayMs });
      harness.counter(`${name}, ${times} times`);
    },
  };
}

function outage(which: 'stripe' | 'mail'): Fault {
  const name = which === 'stripe' ? 'Stripe is away for seconds' : 'mail server away for seconds';
  return {
    name,
    weight: 1,
    async strike({ faultInjector, random, counter }) {
      faultInjector.outage[which] = true;
      counter(name);
      await sleep(random.between(1_000, 4_000));
      faultInjector.outage[which] = false;
    },
  };
}

function webhooks(name: string, manners: object): Fault {
  return {
    name: `webhooks ${name}`,
    weight: 1,
    async strike({ control, random, counter }) {
      counter(`webhooks: ${name}, for seconds`);
      await control('POST', 'webhook', manners);
      await sleep(random.between(1_500, 4_000));
      await control('POST', 'webhook', { mode: 'send', copies: 1, order: 'kept' });
    },
  };
}

function bank(
  name: string,
  states: string[],
  act: (harness: Harness, fee: SomeFee) => Promise<void>,
): Fault {
  return {
    name,
    weight: 1,
    async strike(harness) {
      const fee = await anyFee(harness, states, { withIntent: name.includes('intent') });
      if (!fee) return;
      await act(harness, fee);
      harness.counter(`bank: ${name}`);
    },
  };
}
