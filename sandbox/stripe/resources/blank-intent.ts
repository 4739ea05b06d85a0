/** A new payment intent as Stripe writes one, and the options that later requests may change. */
import type { intentParams } from './intent-params.ts';
import type { PaymentIntent } from './objects.ts';
import { patchedMetadata } from '../http/params.ts';
import type { Params } from '../http/params.ts';
import type { World } from '../engine/world.ts';

type Create = Params<typeof intentParams.create>;
type Options = Pick<
  Create,
  'allowed_payment_method_types' | 'capture_method' | 'payment_method_options'
>;

/** An intent without customer and card. */
export function blankIntent(world: World, params: Create): PaymentIntent {
  const id = world.newId('pi_3', 23);
  const automatic = params.automatic_payment_methods;
  const intent: PaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: params.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods:
      automatic?.enabled === false
        ? null
        : { allow_redirects: automatic?.allow_redirects ?? 'always', enabled: true },
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${world.newId('', 24)}`,
    confirmation_method: params.confirmation_method ?? 'automatic',
    created: world.now(),
    currency: params.currency,
    customer: null,
    customer_account: null,
    description: params.description ?? null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: patchedMetadata({}, params.metadata),
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: { card: CARD_OPTIONS },
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: params.receipt_email ?? null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: params.statement_descriptor_suffix ?? null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: params.transfer_group ?? null,
  };
  applyOptions(intent, params);
  return intent;
}

/** Applies what creation, update and confirmation may all say about how to pay. */
export function applyOptions(intent: PaymentIntent, options: Options): void {
  const { allowed_payment_method_types: types, capture_method, payment_method_options } = options;
  if (types) {
    intent.allowed_payment_method_types = types;
    intent.automatic_payment_methods = null;
  }
  if (capture_method) intent.capture_method = capture_method;
  if (payment_method_options?.card) {
    const before = intent.payment_method_options?.card ?? CARD_OPTIONS;
    intent.payment_method_options = { card: { ...before, ...payment_method_options.card } };
  }
}

const CARD_OPTIONS = {
  installments: null,
  mandate_options: null,
  network: null,
  request_three_d_secure: 'automatic' as const,
};
