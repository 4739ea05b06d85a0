/** Finding the objects that requests name, or refusing as Stripe does when they are not there. */
import { noSuch } from '../http/errors.ts';
import type { Charge, Customer, PaymentIntent } from './objects.ts';
import type { World } from '../engine/world.ts';

/** The customer with that id, unless it never was or was deleted. */
export function existingCustomer(world: World, id: string, param: string, status = 400): Customer {
  const found = world.store.customers.get(id);
  if (!found || found.deleted) throw noSuch('customer', id, param, status);
  return found;
}

/** The payment intent with that id; a 404 where the id stood in the path. */
export function existingIntent(
  world: World,
  id: string,
  param = 'intent',
  status = 404,
): PaymentIntent {
  const found = world.store.paymentIntents.get(id);
  if (!found) throw noSuch('payment_intent', id, param, status);
  return found;
}

/** The charge with that id; a 404 where the id stood in the path. */
export function existingCharge(world: World, id: string, param = 'id', status = 404): Charge {
  const found = world.store.charges.get(id);
  if (!found) throw noSuch('charge', id, param, status);
  return found;
}
