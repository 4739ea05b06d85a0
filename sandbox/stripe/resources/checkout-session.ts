/** A new checkout session as Stripe writes one: mostly fields that do not apply to `setup` mode. */
import type { checkoutParams } from './checkout-params.ts';
import type { CheckoutSession, SetupIntent } from './objects.ts';
import { patchedMetadata } from '../http/params.ts';
import type { Params } from '../http/params.ts';
import type { World } from '../engine/world.ts';

/** An open session around a setup intent. */
export function blankSession(
  world: World,
  params: Params<typeof checkoutParams.create>,
  setup: SetupIntent,
): CheckoutSession {
  const id = world.newId('cs_test_', 34);
  return {
    id,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: params.allowed_payment_method_types ?? null,
    amount_subtotal: null,
    amount_total: null,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: params.billing_address_collection ?? null,
    cancel_url: params.cancel_url ?? null,
    client_reference_id: params.client_reference_id ?? null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: world.now(),
    currency: params.currency ?? null,
    currency_conversion: null,
    custom_fields: [],
    custom_text: NO_TEXT,
    customer: setup.customer,
    customer_account: null,
    customer_creation: params.customer_creation ?? null,
    customer_details: null,
    customer_email: params.customer_email ?? null,
    discounts: null,
    expires_at: world.now(),
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: (params.locale as CheckoutSession['locale']) ?? null,
    managed_payments: null,
    metadata: patchedMetadata({}, params.metadata),
    mode: 'setup',
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: 'always',
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_status: 'no_payment_required',
    permissions: null,
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: setup.id,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: null,
    subscription: null,
    success_url: params.success_url ?? null,
    total_details: null,
    ui_mode: 'hosted_page',
    url: `${world.url()}/c/pay/${id}`,
    wallet_options: null,
  };
}

const NO_TEXT = {
  after_submit: null,
  shipping_address: null,
  submit: null,
  terms_of_service_acceptance: null,
};
