import type { Session } from './books.ts';
import { invalid, missing } from './errors.ts';
import type { StripeWorld } from './world.ts';

/** The part of a session that the gateway names. */
export interface SessionWish {
  mode: string;
  customer: string;
  setup_intent_data?: { metadata?: Record<string, string> };
}

/** Opens a page on which a customer gives a card. Nothing is charged there. */
export function createSession(world: StripeWorld, wish: SessionWish): Session {
  const { mode, customer, setup_intent_data: about } = wish;
  const owner = world.books.customers.get(customer);
  if (!owner || owner.deleted) throw missing('customer');
  if (mode !== 'setup') throw invalid(`The double has no session in ${mode} mode.`);
  const id = world.newId('cs');
  const session: Session = {
    id,
    created: world.seconds(),
    customer,
    metadata: { ...about?.metadata },
    setup_intent: world.newId('seti'),
    completedAt: null,
    status: 'open',
    url: `https://checkout.example/${id}`,
  };
  world.books.sessions.set(id, session);
  return session;
}

/** Closes a page nobody has used. */
export function expireSession(world: StripeWorld, id: string): Session {
  const session = world.books.sessions.get(id);
  if (!session) throw missing('session');
  if (session.status !== 'open') throw invalid(`The session is ${session.status}.`);
  return Object.assign(session, { status: 'expired', url: null });
}
