import { systemClock } from '../../sandbox/clock.ts';
import type { Passing } from './http-proxy.ts';

/** Which ledger: the practice's own, or the one of the second installation. */
export type Which = 'first' | 'second';

/** An act on a fee that was answered as done. */
export interface DoneAct {
  ref: string;
  action: string;
  body: object;
  at: number;
}

/** A program asked Stripe for an intent, or for the intents of a customer. */
interface Look {
  who: string;
  /** The id of the intent or of the customer. */
  about: string;
  at: number;
}

/** A program handed a mail over. */
interface Handing {
  who: string;
  messageId: string;
  at: number;
}

/**
 * What the run itself has done and seen, for a count that takes nothing from the program under
 * test. Moments are in ms since 1970 by the clock of the sandbox and the mailbox.
 */
export interface History {
  /** When each part of the exports was handed in first. */
  handedIn: Map<number, number>;
  acts: DoneAct[];
  /** Whom the office has moved to an EHR that does not levy. */
  moved: Set<string>;
  /** How often a shifted column took somebody's customer from the roster. */
  parted: Map<string, number>;
  /** When banks renewed a card, by its id. */
  renewed: Map<string, number[]>;
  looks: Look[];
  handings: Handing[];
  /** Another installation works, or will. */
  isShared: boolean;
  /** How often the first ledger was put back to an older one. */
  losses: number;
  /** Somebody works on the roster or on the ledger as a whole, which is one person's at a time. */
  isBusy: boolean;
}

export function createHistory(): History {
  return {
    handedIn: new Map(),
    acts: [],
    moved: new Set(),
    parted: new Map(),
    renewed: new Map(),
    looks: [],
    handings: [],
    isShared: false,
    losses: 0,
    isBusy: false,
  };
}

export const now = systemClock;

/** Notes a request to Stripe that shows which intents there are. */
export function noteLook({ looks }: History, { who, method, path }: Passing): void {
  if (method !== 'GET') return;
  const { pathname, searchParams } = new URL(path, 'http://stripe');
  const intent = /^\/v1\/payment_intents\/(pi_\w+)$/.exec(pathname)?.[1];
  const listed = pathname === '/v1/payment_intents' ? searchParams.get('customer') : null;
  const about = intent ?? listed;
  if (about) looks.push({ who, about, at: now() });
}
