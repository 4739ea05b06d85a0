import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../history.ts';
import type { Stage } from '../stage.ts';
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
    async strike(stage) {
      const { rows } = await stage.pool.query<{ event_id: string }>(
        'select event_id from webhook_events order by random() limit 20',
      );
      for (const { event_id } of rows) await stage.control('POST', `events/${event_id}/resend`);
      stage.tally('webhooks: old events sent again');
    },
  },
];

/** What banks and cardholders do, and what somebody does in Stripe's dashboard. */
export const BANK_FAULTS: Fault[] = [
  bank(
    'a bank renews the card on file',
    ['noticed', 'retrying', 'needs_card'],
    async (stage, fee) => {
      const { renewed } = stage.history;
      renewed.set(fee.card, [...(renewed.get(fee.card) ?? []), now()]);
      await stage.control('POST', `cards/${fee.card}/update`);
    },
  ),
  bank('another card is saved', ['needs_card', 'gave_up', 'retrying'], async (stage, fee) => {
    await stage.stripe.paymentMethods.attach('pm_card_mastercard', { customer: fee.customer });
  }),
  bank('the card on file is detached', ['noticed', 'approved'], async (stage, fee) => {
    forget(stage, fee);
    await stage.stripe.paymentMethods.detach(fee.card);
  }),
  bank('the customer is deleted', ['noticed', 'retrying'], async (stage, fee) => {
    forget(stage, fee);
    await stage.stripe.customers.del(fee.customer);
  }),
  bank('a refund is made in the dashboard', ['paid'], async (stage, fee) => {
    forget(stage, fee);
    const amount = stage.random.chance(0.5) ? 700 : undefined;
    await stage.stripe.refunds.create({ payment_intent: fee.intent, amount });
  }),
  bank('a charge is disputed', ['paid'], async (stage, fee) => {
    forget(stage, fee);
    const { id } = await stage.control('POST', 'disputes', { payment_intent: fee.intent });
    await sleep(stage.random.between(200, 3_000));
    const status = stage.random.pick(['won', 'lost', null]);
    if (status) await stage.control('POST', `disputes/${String(id)}/close`, { status });
  }),
  bank('a refund fails after the fact', ['refunded'], async (stage, fee) => {
    forget(stage, fee);
    const { data } = await stage.stripe.refunds.list({ payment_intent: fee.intent });
    if (data[0]) await stage.control('POST', `refunds/${data[0].id}/fail`);
  }),
  bank('the intent is paid elsewhere', ['retrying', 'needs_card'], async (stage, fee) => {
    forget(stage, fee);
    await stage.stripe.paymentIntents.confirm(fee.intent, { payment_method: 'pm_card_visa' });
  }),
  bank('the intent is canceled in the dashboard', ['retrying'], async (stage, fee) => {
    forget(stage, fee);
    await stage.stripe.paymentIntents.cancel(fee.intent);
  }),
];

function burst(kind: string, route: string, times: number, delayMs = 0): Fault {
  const name = `Stripe: ${kind} on ${route}`;
  return {
    name,
    weight: 1,
    async strike(stage) {
      await stage.control('POST', 'faults', { kind, route, times, delayMs });
      stage.tally(`${name}, ${times} times`);
    },
  };
}

function outage(which: 'stripe' | 'mail'): Fault {
  const name = which === 'stripe' ? 'Stripe is away for seconds' : 'mail server away for seconds';
  return {
    name,
    weight: 1,
    async strike({ fate, random, tally }) {
      fate.outage[which] = true;
      tally(name);
      await sleep(random.between(1_000, 4_000));
      fate.outage[which] = false;
    },
  };
}

function webhooks(name: string, manners: object): Fault {
  return {
    name: `webhooks ${name}`,
    weight: 1,
    async strike({ control, random, tally }) {
      tally(`webhooks: ${name}, for seconds`);
      await control('POST', 'webhook', manners);
      await sleep(random.between(1_500, 4_000));
      await control('POST', 'webhook', { mode: 'send', copies: 1, order: 'kept' });
    },
  };
}

function bank(
  name: string,
  states: string[],
  act: (stage: Stage, fee: SomeFee) => Promise<void>,
): Fault {
  return {
    name,
    weight: 1,
    async strike(stage) {
      const fee = await anyFee(stage, states, { withIntent: name.includes('intent') });
      if (!fee) return;
      await act(stage, fee);
      stage.tally(`bank: ${name}`);
    },
  };
}
