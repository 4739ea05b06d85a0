import { reconcileIntent, keys } from '../../../core/fee/intent.ts';
import { entry } from '../../../core/fee/fee.ts';
import { fold } from '../../../core/fee/fold.ts';
import { next } from '../../../core/fee/next.ts';
import type { Payments } from '../../../gateways/payments.ts';
import type { FeeRecord } from '../../../ledger/fees.ts';
import { createCharge } from '../../../workers/steps/charge.ts';
import type { WorkerDeps } from '../../../workers/deps.ts';
import type { Mutation, Processors } from './mutation.ts';

type Confirm = Parameters<Payments['confirmIntent']>[0];

/** Confirms in the place of the real thing. */
const confirming = (
  confirm: (real: Payments, args: Confirm) => ReturnType<Payments['confirmIntent']>,
) => ({
  payments: (real: Payments): Payments => ({
    ...real,
    confirmIntent: (args) => confirm(real, args),
  }),
});

/** A processor that loads a fee and goes ahead without asking `next` what it should do. */
const blindly =
  (act: (deps: WorkerDeps, feeRecord: FeeRecord) => Promise<void>) =>
  ({ ledger, ...deps }: WorkerDeps): Pick<Processors, 'charge'> => ({
    async charge({ feeId }) {
      const feeRecord = await ledger.fees.load(feeId);
      if (feeRecord) await act({ ledger, ...deps }, feeRecord);
      return { done: 'charged' };
    },
  });

/** Opens an intent, writes an attempt and confirms it: what a charge comes to without care. */
async function charge(
  { ledger, payments }: WorkerDeps,
  feeRecord: FeeRecord,
  how: { intent: string | null; key: (attempt: number) => string },
): Promise<void> {
  const { feeId, assessment, clinician } = feeRecord;
  const fee = fold(feeRecord.entries);
  const customer = clinician.stripeCustomer;
  if (!fee.noticed || !customer || fee.waived || fee.held || fee.paid) return;
  const card = await payments.readCard(customer, clinician.paymentMethod);
  if (!card.found) return;
  const { year, vendor, amountCents } = assessment;
  const attempt = fee.attempts + 1;
  const request = { feeId, year, vendor, amountCents, customer, notice: null };
  const intent =
    how.intent ?? (await payments.openIntent({ ...request, key: how.key(-attempt) })).intent;
  const { paymentMethod, fingerprint } = card;
  const attempted = {
    ...{ attempt, intent, customer, amountCents, paymentMethod, fingerprint },
    chargeBefore: null,
  };
  const written = await ledger.fees.append(
    feeRecord,
    [
      ...(fee.intent === intent
        ? []
        : [entry('intent_opened', { intent, customer, notice: null })]),
      entry('attempted', attempted),
    ],
    'levy',
  );
  if (!written) return;
  await payments.confirmIntent({ intent, paymentMethod, key: how.key(attempt) });
  const reading = await payments.readIntent(intent);
  const adopted = reconcileIntent(fold(written.entries), reading, written.now(), assessment.policy);
  if (adopted.length > 0) await ledger.fees.append(written, adopted, 'levy');
}

let serial = 0;

/** Bugs of whoever writes the charge. */
export const MONEY_MUTATIONS: Mutation[] = [
  {
    name: 'second_intent',
    story: 'an outcome that is not known is tried again with a new key and a new intent',
    sql: 'drop trigger entries_attempt_allowed on entries; drop index entries_charge',
    processors: blindly((deps, feeRecord) =>
      charge(deps, feeRecord, {
        intent: null,
        key: (n) => `${feeRecord.feeId} ${n} ${(serial += 1)}`,
      }),
    ),
  },
  {
    name: 'new_key',
    story: 'an outcome that is not known is tried again with a new key, before Stripe is read',
    processors: (deps) => ({
      async charge(payload) {
        const feeRecord = await deps.ledger.fees.load(payload.feeId);
        const open = feeRecord && fold(feeRecord.entries).openAttempt;
        const due = feeRecord && next(feeRecord.entries, feeRecord.assessment.policy);
        if (open && due?.step === 'charge' && due.at && due.at <= feeRecord.now()) {
          const { intent, paymentMethod } = open;
          const key = `${keys.attempt(open)}-${(serial += 1)}`;
          await deps.payments.confirmIntent({ intent, paymentMethod, key });
        }
        return createCharge(deps)(payload);
      },
    }),
  },
  {
    name: 'one_key',
    story: 'all attempts of a fee share one key',
    ...confirming((real, args) =>
      real.confirmIntent({ ...args, key: args.key.replace(/-\d+-[^-]+-[^-]+$/, '') }),
    ),
  },
  {
    name: 'trust_payload',
    story: 'a job charges because it is there, without asking what is due',
    sql: 'drop trigger entries_attempt_allowed on entries',
    processors: blindly((deps, feeRecord) => {
      const { intent } = fold(feeRecord.entries);
      const key = (n: number) => `levy-${feeRecord.feeId}-${n}`;
      return charge(deps, feeRecord, { intent, key });
    }),
  },
  {
    name: 'timeout_declines',
    story: 'no answer is taken for a decline',
    ...confirming(async (real, args) => {
      const answer = await real.confirmIntent(args);
      if (answer.outcome !== 'unknown') return answer;
      const codes = { adviceCode: null, networkAdviceCode: null, sentToNetwork: true };
      return { outcome: 'declined', refusal: { code: 'do_not_honor', ...codes, charge: null } };
    }),
  },
  {
    name: 'deaf_to_advice',
    story: 'whatever the bank says, it is taken for "insufficient funds"',
    payments: (real) => ({
      ...real,
      async confirmIntent(args) {
        const answer = await real.confirmIntent(args);
        if (answer.outcome !== 'declined') return answer;
        const { charge: failed, sentToNetwork } = answer.refusal;
        const code = { code: 'insufficient_funds', adviceCode: null, networkAdviceCode: null };
        return { outcome: 'declined', refusal: { ...code, charge: failed, sentToNetwork } };
      },
    }),
  },
  {
    name: 'waiver_race',
    story: 'a waiver says it has canceled the intent, and has not',
    payments: (real) => ({
      ...real,
      async cancelIntent({ intent }) {
        const reading = await real.readIntent(intent);
        return { ...reading, status: 'canceled' };
      },
    }),
  },
  {
    name: 'refund_final',
    story: 'a refund counts as given back when it is only opened',
    payments: (real) => ({
      ...real,
      openRefund: async (args) => ({ ...(await real.openRefund(args)), status: 'succeeded' }),
    }),
  },
  {
    name: 'never_look',
    story: 'an attempt without an answer is left alone for good',
    processors: (deps) => ({
      async charge(payload) {
        const feeRecord = await deps.ledger.fees.load(payload.feeId);
        if (feeRecord && fold(feeRecord.entries).openAttempt) return { done: 'left alone' };
        return createCharge(deps)(payload);
      },
    }),
  },
  {
    name: 'wrong_amount',
    story: 'the intent is opened with a cent more than the rate',
    payments: (real) => ({
      ...real,
      openIntent: (args) => real.openIntent({ ...args, amountCents: args.amountCents + 1 }),
    }),
  },
  {
    name: 'lost_creation',
    story: 'an intent whose creation was lost is not looked for: another is made',
    payments: (real) => ({
      ...real,
      findIntents: () => Promise.resolve([]),
      openIntent: (args) => real.openIntent({ ...args, key: `${args.key}-${(serial += 1)}` }),
    }),
  },
];
