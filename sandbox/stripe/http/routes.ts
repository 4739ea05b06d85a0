/** Every endpoint of Stripe that the sandbox answers: name, path, what it takes, what it does. */
import { chargeParams, listCharges, retrieveCharge, updateCharge } from '../resources/charges.ts';
import { checkoutParams } from '../resources/checkout-params.ts';
import {
  createSession,
  expireSession,
  listSessions,
  retrieveSession,
} from '../resources/checkout.ts';
import {
  createCustomer,
  customerParams,
  deleteCustomer,
  listCustomers,
  retrieveCustomer,
  updateCustomer,
} from '../resources/customers.ts';
import {
  closeDispute,
  disputeParams,
  listDisputes,
  retrieveDispute,
} from '../resources/disputes.ts';
import { intentParams } from '../resources/intent-params.ts';
import type { Params, Shape } from './params.ts';
import {
  cancelIntent,
  confirmIntent,
  createIntent,
  listIntents,
  retrieveIntent,
  updateIntent,
} from '../resources/payment-intents.ts';
import {
  attachMethod,
  createMethod,
  detachMethod,
  listMethods,
  listMethodsOfCustomer,
  methodParams,
  retrieveMethod,
  updateMethod,
} from '../resources/payment-methods.ts';
import {
  listBalance,
  listEvents,
  listSetupIntents,
  readingParams,
  retrieveBalance,
  retrieveEvent,
  retrieveSetupIntent,
} from './reading.ts';
import { listPayouts, payoutParams, retrievePayout } from '../resources/payouts.ts';
import {
  createRefund,
  listRefunds,
  refundParams,
  retrieveRefund,
  updateRefund,
} from '../resources/refunds.ts';
import type { World } from '../engine/world.ts';

/** An endpoint. `run` gets the id from the path, or '' where the path has none. */
export interface Route {
  /** As faults and limits name it, e.g. `payment_intents.confirm`. */
  name: string;
  method: 'GET' | 'POST' | 'DELETE';
  /** The path's parts after `/v1`; `:id` stands for any one part. */
  parts: string[];
  params: Shape;
  run(world: World, params: never, id: string): object;
}

/** The endpoint of a request, with the id in its path. */
export function findRoute(method: string, path: string): { route: Route; id: string } | undefined {
  const parts = path.split('/').slice(2);
  for (const route of BY_SIZE.get(`${method} ${parts.length}`) ?? []) {
    let id = '';
    const fits = route.parts.every((part, at) => {
      if (part !== ':id') return part === parts[at];
      id = decodePart(parts[at] as string);
      return id !== '';
    });
    if (fits) return { route, id };
  }
  return undefined;
}

function endpoint<S extends Shape>(
  name: string,
  at: string,
  params: S,
  run: (world: World, params: Params<S>, id: string) => object,
): Route {
  const [method, path] = at.split(' ') as [Route['method'], string];
  return { name, method, parts: path.split('/'), params, run };
}

const one = readingParams.one;

const ROUTES: Route[] = [
  endpoint('customers.create', 'POST customers', customerParams.create, createCustomer),
  endpoint('customers.list', 'GET customers', customerParams.list, listCustomers),
  endpoint('customers.retrieve', 'GET customers/:id', one, retrieveCustomer),
  endpoint('customers.update', 'POST customers/:id', customerParams.update, updateCustomer),
  endpoint('customers.delete', 'DELETE customers/:id', one, deleteCustomer),
  endpoint(
    'customers.payment_methods',
    'GET customers/:id/payment_methods',
    methodParams.listOfCustomer,
    listMethodsOfCustomer,
  ),

  endpoint('payment_methods.create', 'POST payment_methods', methodParams.create, createMethod),
  endpoint('payment_methods.list', 'GET payment_methods', methodParams.list, listMethods),
  endpoint('payment_methods.retrieve', 'GET payment_methods/:id', one, retrieveMethod),
  endpoint('payment_methods.update', 'POST payment_methods/:id', methodParams.update, updateMethod),
  endpoint(
    'payment_methods.attach',
    'POST payment_methods/:id/attach',
    methodParams.attach,
    attachMethod,
  ),
  endpoint(
    'payment_methods.detach',
    'POST payment_methods/:id/detach',
    methodParams.detach,
    detachMethod,
  ),

  endpoint('payment_intents.create', 'POST payment_intents', intentParams.create, createIntent),
  endpoint('payment_intents.list', 'GET payment_intents', intentParams.list, listIntents),
  endpoint('payment_intents.retrieve', 'GET payment_intents/:id', one, retrieveIntent),
  endpoint('payment_intents.update', 'POST payment_intents/:id', intentParams.update, updateIntent),
  endpoint(
    'payment_intents.confirm',
    'POST payment_intents/:id/confirm',
    intentParams.confirm,
    confirmIntent,
  ),
  endpoint(
    'payment_intents.cancel',
    'POST payment_intents/:id/cancel',
    intentParams.cancel,
    cancelIntent,
  ),

  endpoint('charges.list', 'GET charges', chargeParams.list, listCharges),
  endpoint('charges.retrieve', 'GET charges/:id', one, retrieveCharge),
  endpoint('charges.update', 'POST charges/:id', chargeParams.update, updateCharge),

  endpoint('refunds.create', 'POST refunds', refundParams.create, createRefund),
  endpoint('refunds.list', 'GET refunds', refundParams.list, listRefunds),
  endpoint('refunds.retrieve', 'GET refunds/:id', one, retrieveRefund),
  endpoint('refunds.update', 'POST refunds/:id', refundParams.update, updateRefund),

  endpoint('disputes.list', 'GET disputes', disputeParams.list, listDisputes),
  endpoint('disputes.retrieve', 'GET disputes/:id', one, retrieveDispute),
  endpoint('disputes.close', 'POST disputes/:id/close', disputeParams.close, closeDispute),

  endpoint('checkout.create', 'POST checkout/sessions', checkoutParams.create, createSession),
  endpoint('checkout.list', 'GET checkout/sessions', checkoutParams.list, listSessions),
  endpoint('checkout.retrieve', 'GET checkout/sessions/:id', one, retrieveSession),
  endpoint(
    'checkout.expire',
    'POST checkout/sessions/:id/expire',
    checkoutParams.expire,
    expireSession,
  ),

  endpoint('setup_intents.list', 'GET setup_intents', readingParams.setupIntents, listSetupIntents),
  endpoint('setup_intents.retrieve', 'GET setup_intents/:id', one, retrieveSetupIntent),
  endpoint('balance.list', 'GET balance_transactions', readingParams.balance, listBalance),
  endpoint('payouts.list', 'GET payouts', payoutParams.list, listPayouts),
  endpoint('payouts.retrieve', 'GET payouts/:id', one, retrievePayout),
  endpoint('balance.retrieve', 'GET balance_transactions/:id', one, retrieveBalance),
  endpoint('events.list', 'GET events', readingParams.events, listEvents),
  endpoint('events.retrieve', 'GET events/:id', one, retrieveEvent),
];

/** Routes by method and number of path parts, so that few have to be compared. */
const BY_SIZE = new Map<string, Route[]>();
for (const route of ROUTES) {
  const size = `${route.method} ${route.parts.length}`;
  BY_SIZE.set(size, [...(BY_SIZE.get(size) ?? []), route]);
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
