import { adopt, KEY_SAFE_MS, keys, refused, type IntentReading } from '../core/attempt.ts';
import { entry, type NewEntry } from '../core/fee.ts';
import {
  PaymentsRefused,
  PaymentsUnavailable,
  type Confirmation,
  type Payments,
} from '../gateways/payments.ts';
import type { Done, Processor } from '../jobs/queues.ts';
import { noCard, readyCard } from './card.ts';
import type { WorkerDeps } from './deps.ts';
import { readIntentFor, takeDue, write, type DueCase } from './due-fee.ts';

type Deps = Pick<WorkerDeps, 'ledger' | 'payments'>;

/**
 * Charges the card on file: one intent per fee, confirmed once per attempt. Stripe is read before
 * anything is confirmed, the attempt is in the ledger before it is sent, and an outcome that is
 * not known is left open until Stripe has been read again.
 */
export function createCharge(deps: Deps): Processor<'charge'> {
  return async ({ feeId }) => {
    const due = await takeDue(deps.ledger, feeId, 'charge');
    if ('done' in due) return due;
    const { fee, feeCase } = due;
    const looked = fee.intent
      ? { due, reading: await readIntentFor(deps.payments, fee, fee.intent), opened: [] }
      : await openIntent(deps, due);
    if ('done' in looked || 'failed' in looked) return looked;
    const { reading, opened } = looked;
    const adopted = adopt(fee, reading, feeCase.now(), policyOf(due));
    if (adopted.length > 0) return settled(deps, due, [...opened, ...adopted]);
    return fee.open ? resume(deps, looked) : attempt(deps, looked);
  };
}

interface Looked {
  due: DueCase;
  reading: IntentReading;
  /** The intent is new to the ledger: to be written with what comes of it. */
  opened: NewEntry[];
}

/**
 * Creates the intent, or finds the one whose creation was lost. Until it is written down it is
 * found again in the same way, and takes no money.
 */
async function openIntent(deps: Deps, due: DueCase): Promise<Looked | Done> {
  const { feeId, assessment, clinician } = due.feeCase;
  if (assessment.paused) return { done: 'paused' };
  const customer = clinician.stripeCustomer;
  if (!customer) return settled(deps, due, [noCard(clinician, 'no_customer')]);
  // The key finds an earlier creation for a day. None was possible before a notice allowed it.
  const notice = due.feeCase.entries.find((one) => one.kind === 'noticed');
  const first = new Date(notice?.kind === 'noticed' ? notice.data.chargeFrom : 0).getTime();
  const now = () => due.feeCase.now().getTime();
  const keyIsSafe = now() - first < KEY_SAFE_MS;
  const knownAt = keyIsSafe ? first : now();
  const reading =
    (keyIsSafe ? null : await lost(deps, feeId, customer)) ??
    (await created(deps, due, customer, () => now() - knownAt > KEY_SAFE_MS));
  if (!reading) return settled(deps, due, [noCard(clinician, 'customer_deleted')]);
  return { due, reading, opened: [entry('opened', { intent: reading.intent })] };
}

/** The fee's intent if Stripe has one that may still be paid or was. */
async function lost(
  { payments }: Deps,
  feeId: string,
  customer: string,
): Promise<IntentReading | null> {
  const found = await payments.findIntents({ customer, feeId });
  const paid = found.find(({ status }) => status === 'succeeded');
  return paid ?? found.find(({ status }) => status !== 'canceled') ?? null;
}

/**
 * A new intent; null when the customer has been deleted at Stripe and none can be made. `isLate`:
 * the key may have been forgotten since it was known to be safe, so that it would make a second.
 */
async function created(
  deps: Deps,
  { feeCase: { feeId, assessment } }: DueCase,
  customer: string,
  isLate: () => boolean,
): Promise<IntentReading | null> {
  const { year, amountCents } = assessment;
  const wish = { feeId, year, amountCents, customer, isLate };
  for (let nth = 0; ; nth += 1)
    try {
      return await deps.payments.openIntent({ ...wish, key: keys.intent(feeId, nth) });
    } catch (error) {
      const isGone = error instanceof PaymentsRefused && error.code === 'resource_missing';
      if (isGone && error.param === 'customer') return null;
      // A 5xx is given again to the key for a day, whether or not the intent was made: look for it.
      const isFailed = error instanceof PaymentsUnavailable && error.why === 'server_error';
      const made = isFailed ? await lost(deps, feeId, customer) : null;
      if (made) return made;
      // Ended, and nothing made: another key, or the fee would wait until this one is forgotten.
      if (!isFailed || !error.kept || nth === FURTHER_KEYS) throw error;
    }
}

/** Most keys for the creation of one intent after the first; each has met an error of Stripe's. */
const FURTHER_KEYS = 5;

/** An attempt was sent and Stripe shows no trace of it: send the same again, or let it lapse. */
async function resume(deps: Deps, { due, reading }: Looked): Promise<Done> {
  const open = due.fee.open;
  if (!open) throw new Error('Bug! nothing to resume');
  if (reading.status === 'processing') return unknown(deps, due, 'processing');
  if (due.feeCase.assessment.paused) return { done: 'paused' };
  if (due.feeCase.now().getTime() - open.at.getTime() > KEY_SAFE_MS) {
    const why = 'Stripe shows no trace of it after a day';
    return settled(deps, due, [entry('lapsed', { attempt: open.attempt, why })]);
  }
  return conclude(deps, due, await confirm(deps.payments, due));
}

async function attempt(deps: Deps, { due, reading, opened }: Looked): Promise<Done> {
  const { assessment, clinician } = due.feeCase;
  const instead = (what: NewEntry) => settled(deps, due, [...opened, what]);
  if (assessment.paused) return { done: 'paused' };
  if (reading.status === 'canceled')
    return instead(entry('held', { why: 'the intent was canceled at Stripe' }));
  if (reading.status === 'processing')
    return { failed: 'Stripe is processing a payment made elsewhere; looking again later' };
  const card = await readyCard(deps, clinician, due.feeCase.now());
  if ('missing' in card) return instead(noCard(clinician, card.missing));
  if ('spent' in card) return instead(entry('held', { why: card.spent }));
  // The card given instead may be gone again, and what is left is the one that was refused.
  if (due.fee.refusedCards.has(card.paymentMethod))
    return instead(noCard(clinician, 'card_refused'));
  const attempted = entry('attempted', {
    attempt: due.fee.attempts + 1,
    intent: reading.intent,
    amountCents: assessment.amountCents,
    paymentMethod: card.paymentMethod,
    fingerprint: card.fingerprint,
    brand: card.brand,
    cardChanges: clinician.cardChanges,
    chargeBefore: reading.charge,
  });
  try {
    const before = [...opened, ...another(due, card)];
    const sent = await write(deps.ledger, due.feeCase, [...before, attempted]);
    return await conclude(deps, sent, await confirm(deps.payments, sent));
  } catch (error) {
    if ((error as { code?: unknown }).code === PAUSED) return { done: 'paused' };
    throw error;
  }
}

/** The announced card was exchanged without a word: letters must not name it any more. */
function another(
  { fee }: DueCase,
  card: { paymentMethod: string; brand: string; last4: string },
): NewEntry[] {
  const announced = fee.noticed?.card;
  if (!announced || fee.cardUpdated) return [];
  if (announced.brand === card.brand && announced.last4 === card.last4) return [];
  return [entry('card_updated', { paymentMethod: card.paymentMethod })];
}

/** SQLSTATE with which the database refuses an attempt of a paused assessment. */
const PAUSED = 'LV006';

function confirm(payments: Payments, { feeCase, fee }: DueCase): Promise<Confirmation> {
  if (!fee.open) throw new Error('Bug! nothing to confirm');
  const openedAt = fee.open.at.getTime();
  return payments.confirmIntent({
    intent: fee.open.intent,
    paymentMethod: fee.open.paymentMethod,
    customer: feeCase.clinician.stripeCustomer,
    key: keys.attempt(feeCase.feeId, fee.open.attempt),
    // A process that stood still for a day must not go on where it stopped.
    isLate: () => feeCase.now().getTime() - openedAt > KEY_SAFE_MS,
  });
}

/** Writes down what the confirmation came to. */
async function conclude(deps: Deps, due: DueCase, answer: Confirmation): Promise<Done> {
  const { feeCase, fee } = due;
  const number = fee.open?.attempt ?? 0;
  switch (answer.outcome) {
    case 'answered': {
      const adopted = adopt(fee, answer.reading, feeCase.now(), policyOf(due));
      return adopted.length > 0
        ? settled(deps, due, adopted)
        : unknown(deps, due, answer.reading.status);
    }
    case 'declined':
      return settled(deps, due, refused(fee, answer.refusal, feeCase.now(), policyOf(due)));
    case 'unknown':
      return unknown(deps, due, answer.why);
    case 'closed': {
      // Should it show after all: an intent is paid once at most, also by a later attempt.
      const adopted = adopt(fee, answer.reading, feeCase.now(), policyOf(due));
      const why = 'Stripe has ended it with an error of its own and shows no trace of it';
      const lapsed = entry('lapsed', { attempt: number, why });
      return settled(deps, due, adopted.length > 0 ? adopted : [lapsed]);
    }
    case 'slow_down':
      // The attempt stays open; after the grace period the same is sent under the same key.
      return { failed: `Stripe asked to slow down (${answer.why}); sent again later` };
    case 'refused_request': {
      const why = `Stripe refused the request (${answer.code}): this needs an engineer`;
      return settled(deps, due, [
        entry('lapsed', { attempt: number, why }),
        entry('held', { why }),
      ]);
    }
  }
}

/** Records what is now known. What a person may have to see to shows as a failed job. */
async function settled(deps: Deps, due: DueCase, entries: NewEntry[]): Promise<Done> {
  await write(deps.ledger, due.feeCase, entries);
  const trouble = entries.map(troubleOf).find((what) => what !== null);
  return trouble ? { failed: trouble } : { done: entries.map((one) => one.kind).join(', ') };
}

function troubleOf(one: NewEntry): string | null {
  switch (one.kind) {
    case 'declined': {
      const { code, verdict, retryAt } = one.data;
      return `declined: ${code}; ${retryAt ? `next try ${retryAt}` : verdict}`;
    }
    case 'card_missing':
      return `no card to charge: ${one.data.why}`;
    case 'held':
      return `held for a person: ${one.data.why}`;
    default:
      return null;
  }
}

async function unknown(deps: Deps, due: DueCase, why: string): Promise<Done> {
  const look = due.fee.unknown ? due.fee.unknown.look + 1 : 0;
  await write(deps.ledger, due.feeCase, [entry('unknown', { about: 'attempt', look, why })]);
  return { failed: `outcome unknown (${why}); Stripe will be asked again` };
}

const policyOf = (due: DueCase) => due.feeCase.assessment.policy;
