import type { Random } from '../random.ts';
import type { Timeline } from '../timeline.ts';
import { emptyBooks, type Books, type Charge, type Event, type Intent } from './books.ts';

/** What Stripe's rules work on: its books, its time and its own chances. */
export interface StripeWorld {
  books: Books;
  random: Random;
  /** Milliseconds of virtual time. */
  now(): number;
  /** Seconds, as Stripe writes times. */
  seconds(): number;
  later(ms: number, what: () => void): void;
  newId(prefix: string): string;
  emit(type: string, about: About, ours: boolean): void;
  /** A line in the simulation's log. */
  note(line: string): void;
}

/** The object an event is about. */
export type About =
  | {
      id: string;
      payment_intent?: string;
      payment_method?: string;
      customer?: string | null;
      metadata?: Metadata;
    }
  | Intent
  | Charge;

type Metadata = Record<string, string>;

export function createStripeWorld(args: {
  timeline: Timeline;
  random: Random;
  note: (line: string) => void;
  deliver: (event: Event) => void;
}): StripeWorld {
  const { timeline, random, note, deliver } = args;
  let ids = 0;
  const newId = (prefix: string) => `${prefix}_sim${(ids += 1)}`;
  const books = emptyBooks();
  return {
    books,
    random,
    note,
    newId,
    now: timeline.now,
    seconds: () => Math.floor(timeline.now() / 1000),
    later: (ms, what) => timeline.at(timeline.now() + ms, what),
    emit(type, about, ours) {
      const isIntent = about.id.startsWith('pi_');
      const event: Event = {
        id: newId('evt'),
        type,
        objectId: about.id,
        intent: isIntent
          ? about.id
          : 'payment_intent' in about
            ? (about.payment_intent ?? null)
            : null,
        customer: 'customer' in about ? (about.customer ?? null) : null,
        paymentMethod: methodOf(about),
        feeId: about.metadata?.fee ?? null,
        createdAt: timeline.now(),
        ours,
      };
      books.events.push(event);
      deliver(event);
    },
  };
}

/** The card an event is about. */
function methodOf(about: About): string | null {
  if (about.id.startsWith('pm_')) return about.id;
  return about.id.startsWith('seti_') && 'payment_method' in about
    ? (about.payment_method ?? null)
    : null;
}
