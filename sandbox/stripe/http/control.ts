/**
 * The sandbox's own endpoint under `/_sandbox/`, for tests and demonstrations: the books, the
 * clock, planned faults, and what banks and cardholders do on their own. JSON, loopback only.
 */
import { drawUpBooks } from '../engine/books.ts';
import { findTestCard } from '../engine/cards.ts';
import { completeSession } from '../resources/checkout.ts';
import { endDispute, openDispute } from '../resources/disputes.ts';
import { invalidRequest, noSuch } from './errors.ts';
import { FAULT_KINDS } from './faults.ts';
import type { FaultKind, Faults } from './faults.ts';
import { existingIntent } from '../resources/lookup.ts';
import { authenticate } from '../engine/network.ts';
import { payOut } from '../resources/payouts.ts';
import { failRefund } from '../resources/refunds.ts';
import type { Deliveries, Manners } from '../engine/webhooks.ts';
import type { World } from '../engine/world.ts';

/** What the control endpoint works on. */
export interface ControlParts {
  world: World;
  faults: Faults;
  deliveries: Deliveries;
  /** Runs what the clock has reached. */
  runDue(): void;
}

type Body = Record<string, unknown>;
type Act = (parts: ControlParts, body: Body, id: string) => unknown;

/** Answers `GET|POST|DELETE /_sandbox/<path>`; throws a StripeFailure for what makes no sense. */
export function control(
  parts: ControlParts,
  method: string,
  path: string,
  query: URLSearchParams,
  body: Body,
): unknown {
  const [what = '', id = '', act = ''] = path.split('/');
  const name = [method, what, ...(id ? [':id'] : []), ...(act ? [act] : [])].join(' ');
  const run = Object.hasOwn(ACTS, name) ? ACTS[name] : undefined;
  if (!run) throw noSuch('control', `${method} /_sandbox/${path}`, 'path', 404);
  return run(parts, { ...Object.fromEntries(query), ...body }, id);
}

const ACTS: Record<string, Act> = {
  'GET books': ({ world }, body) => {
    const books = drawUpBooks(world, optional(body, 'by'));
    return body.summary === undefined ? books : { ...books, succeeded: [], refunds: [] };
  },
  'GET clock': ({ world }) => ({ nowMs: world.nowMs() }),
  'POST clock': advanceClock,
  'GET faults': ({ faults }) => ({ faults: faults.list() }),
  'POST faults': planFault,
  'DELETE faults': ({ faults }) => {
    faults.clear();
    return { faults: [] };
  },
  'POST cards :id update': updateCard,
  'POST disputes': ({ world }, body) => {
    const intent = optional(body, 'payment_intent');
    const charge = intent ? existingIntent(world, intent).latest_charge : needed(body, 'charge');
    return openDispute(world, charge ?? '', optional(body, 'reason'));
  },
  'POST disputes :id close': ({ world }, body, id) =>
    endDispute(world, id, body.status === 'won' ? 'won' : 'lost'),
  'POST payouts': ({ world }) => ({ payout: payOut(world)?.id ?? null }),
  'POST refunds :id fail': ({ world }, body, id) => failRefund(world, id, optional(body, 'reason')),
  'POST intents :id authenticate': ({ world }, body, id) => {
    const intent = existingIntent(world, id);
    if (intent.status !== 'requires_action') {
      throw invalidRequest(`This PaymentIntent wants no authentication: it is ${intent.status}.`);
    }
    return authenticate(world, intent, body.succeed !== false);
  },
  'POST checkout :id complete': ({ world }, body, id) =>
    completeSession(world, id, needed(body, 'payment_method')),
  'GET webhook': ({ deliveries }) => ({ ...deliveries.manners(), url: deliveries.webhook()?.url }),
  'POST webhook': setWebhook,
  'POST events :id resend': ({ world, deliveries }, _body, id) => {
    if (!world.store.events.get(id)) throw noSuch('event', id, 'id', 404);
    deliveries.resend(id);
    return { resent: id };
  },
};

function advanceClock({ world, runDue }: ControlParts, body: Body): unknown {
  const step = count(body, 'advanceMs');
  const before = world.store.settings.get('clock')?.advancedMs ?? 0;
  world.store.settings.put({ id: 'clock', advancedMs: before + step });
  runDue();
  return { nowMs: world.nowMs() };
}

function planFault({ faults }: ControlParts, body: Body): unknown {
  const kind = needed(body, 'kind');
  if (!FAULT_KINDS.includes(kind as FaultKind)) {
    throw invalidRequest(`Unknown kind of fault: ${kind}. Known: ${FAULT_KINDS.join(', ')}.`, {
      param: 'kind',
    });
  }
  return faults.plan({
    route: needed(body, 'route'),
    kind: kind as FaultKind,
    times: body.times === undefined ? 1 : count(body, 'times'),
    skip: body.skip === undefined ? 0 : count(body, 'skip'),
    delayMs: body.delayMs === undefined ? 0 : count(body, 'delayMs'),
  });
}

/** The bank sent a new card and told Stripe: new dates, a new number, a card that works again. */
function updateCard({ world }: ControlParts, body: Body, id: string): unknown {
  const method = world.store.paymentMethods.get(id);
  const card = world.store.cards.get(id);
  if (!method || !card) throw noSuch('PaymentMethod', id, 'payment_method', 404);
  const testCard = optional(body, 'to') ?? 'pm_card_visa';
  const mould = findTestCard(testCard);
  if (!mould) throw noSuch('test card', testCard, 'to');
  const before = { card: { ...method.card } };
  method.card.brand = mould.brand;
  method.card.last4 = optional(body, 'last4') ?? mould.last4;
  method.card.exp_month = body.exp_month === undefined ? 12 : count(body, 'exp_month');
  method.card.exp_year = body.exp_year === undefined ? nextYears(world) : count(body, 'exp_year');
  world.store.cards.put({ ...card, testCard, tries: 0 });
  world.store.paymentMethods.put(method);
  world.emit('payment_method.automatically_updated', method, before);
  return method;
}

function setWebhook({ deliveries }: ControlParts, body: Body): unknown {
  const mode = oneWord(body, 'mode', ['send', 'hold', 'lose']) as Manners['mode'] | undefined;
  const order = oneWord(body, 'order', ['kept', 'reversed']) as Manners['order'] | undefined;
  const url = optional(body, 'url');
  const secrets = Array.isArray(body.secrets) ? body.secrets.map(String) : undefined;
  deliveries.set({
    ...(mode && { mode }),
    ...(order && { order }),
    ...(body.copies !== undefined && { copies: count(body, 'copies') }),
    ...(url && { webhook: { url, secrets: secrets ?? deliveries.webhook()?.secrets ?? [] } }),
  });
  return { ...deliveries.manners(), url: deliveries.webhook()?.url };
}

function nextYears(world: World): number {
  return new Date(world.nowMs()).getUTCFullYear() + 4;
}

function optional(body: Body, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || typeof value === 'string') return value;
  throw invalidRequest(`${name} has to be text.`, { param: name });
}

function needed(body: Body, name: string): string {
  const value = optional(body, name);
  if (value) return value;
  throw invalidRequest(`Missing required param: ${name}.`, { param: name });
}

function count(body: Body, name: string): number {
  const value = Number(body[name]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidRequest(`${name} has to be a whole number from 0 on.`, { param: name });
}

function oneWord(body: Body, name: string, words: string[]): string | undefined {
  const value = optional(body, name);
  if (value === undefined || words.includes(value)) return value;
  throw invalidRequest(`${name} has to be one of ${words.join(', ')}.`, { param: name });
}
