/** The parameters of the payment intent endpoints, as stripe 23 types them. */
import { invalidRequest, notSimulated } from '../http/errors.ts';
import {
  email,
  expandable,
  flag,
  hash,
  integer,
  listOf,
  metadata,
  notHere,
  oneOf,
  paging,
  required,
  text,
  timeRange,
  unsettable,
} from '../http/params.ts';
import type { Read } from '../http/params.ts';

/** The currencies the sandbox takes: the first is the one all amounts in levy are in. */
const currency: Read<string> = (value, path) => {
  const given = text(3)(value, path).toLowerCase();
  if (!/^[a-z]{3}$/.test(given)) {
    throw invalidRequest(`Invalid currency: ${given}`, { param: path });
  }
  if (given !== 'usd') throw notSimulated(`payments in ${given}`, path);
  return given;
};

const onlyCards: Read<'card'[]> = (value, path) => {
  const types = listOf(text())(value, path);
  const other = types.find((type) => type !== 'card');
  if (other) throw notSimulated(`the payment method type ${other}`, path);
  return types as 'card'[];
};

const notManual: Read<'automatic' | 'automatic_async'> = (value, path) => {
  const method = oneOf('automatic', 'automatic_async', 'manual')(value, path);
  if (method === 'manual') throw notSimulated('manual capture', path);
  return method;
};

const offSession: Read<boolean | 'one_off' | 'recurring'> = (value, path) =>
  value === 'one_off' || value === 'recurring' ? value : flag(value, path);

const cardOptions = hash({
  card: hash({
    moto: notHere,
    network: notHere,
    request_three_d_secure: oneOf('any', 'automatic', 'challenge'),
    setup_credential_usage: notHere,
    stored_credential_usage: oneOf('installment', 'recurring', 'unscheduled'),
  }),
});

const shared = {
  ...expandable,
  allowed_payment_method_types: onlyCards,
  capture_method: notManual,
  payment_method: text(),
  payment_method_options: cardOptions,
  receipt_email: unsettable(email),
  setup_future_usage: notHere,
  shipping: notHere,
};

const words = {
  description: unsettable(text(1000)),
  metadata,
  statement_descriptor: text(22),
  statement_descriptor_suffix: text(22),
  transfer_group: text(),
};

/** What a confirmation may say, and a creation only with `confirm=true`. */
const confirmationParams = {
  error_on_requires_action: flag,
  mandate: notHere,
  mandate_data: notHere,
  off_session: offSession,
  radar_options: notHere,
  return_url: text(),
  use_stripe_sdk: flag,
};

/** Those that Stripe refuses at creation unless it confirms at once. */
export const createOnlyParams = ['error_on_requires_action', 'off_session', 'return_url'] as const;

/** Parameters by endpoint. */
export const intentParams = {
  create: {
    ...shared,
    ...words,
    ...confirmationParams,
    amount: required(integer(1)),
    automatic_payment_methods: hash({
      allow_redirects: oneOf('always', 'never'),
      enabled: required(flag),
    }),
    confirm: flag,
    confirmation_method: oneOf('automatic', 'manual'),
    currency: required(currency),
    customer: text(),
  },
  update: {
    ...shared,
    ...words,
    amount: integer(1),
    currency,
    customer: text(),
  },
  confirm: { ...shared, ...confirmationParams, amount_to_confirm: integer(1) },
  cancel: {
    ...expandable,
    cancellation_reason: oneOf('abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'),
  },
  list: { ...paging, customer: text(), created: timeRange },
};
