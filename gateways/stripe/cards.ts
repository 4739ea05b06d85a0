import type Stripe from 'stripe';
import { pages, type Call } from './calls.ts';
import { PaymentsRefused, type CardReading, type Payments } from '../payments.ts';
import { idOf } from './reading.ts';

/** Reads cards and e-mails of customers. */
export function cards(stripe: Stripe, call: Call): Pick<Payments, 'readCard' | 'readEmail'> {
  async function readCard(customer: string, paymentMethod: string | null): Promise<CardReading> {
    const named = paymentMethod ? await attached(paymentMethod) : null;
    if (named && idOf(named.customer) === customer) return found(named) ?? none(paymentMethod);
    const owner = await orMissing(
      call('GET /v1/customers/:id', () =>
        stripe.customers.retrieve(customer, {
          expand: ['invoice_settings.default_payment_method'],
        }),
      ),
    );
    if (!owner) return { found: false, why: 'no_customer' };
    if (owner.deleted) return { found: false, why: 'customer_deleted' };
    const standard = owner.invoice_settings.default_payment_method;
    if (standard && typeof standard === 'object' && idOf(standard.customer) === customer) {
      const card = found(standard);
      if (card) return card;
    }
    return (await onlyCard(customer)) ?? none(paymentMethod);
  }

  async function readEmail(customer: string): Promise<string | null> {
    const owner = await orMissing(
      call('GET /v1/customers/:id', () => stripe.customers.retrieve(customer)),
    );
    return owner && !owner.deleted ? owner.email : null;
  }

  async function onlyCard(customer: string): Promise<CardReading | null> {
    const { data } = await call('GET /v1/customers/:id/payment_methods', () =>
      stripe.customers.listPaymentMethods(customer, { type: 'card', limit: 2 }),
    );
    const [only] = data;
    return only && data.length === 1 ? found(only) : null;
  }

  async function attached(paymentMethod: string): Promise<Stripe.PaymentMethod | null> {
    return orMissing(
      call('GET /v1/payment_methods/:id', () => stripe.paymentMethods.retrieve(paymentMethod)),
    );
  }

  return { readCard, readEmail };
}

/** The metadata field with the practice's reference, in customers that levy creates. */
const REF = 'levy_ref';

/** Customers of people of whom the roster names none. */
export function customers(
  stripe: Stripe,
  call: Call,
): Pick<Payments, 'findMadeCustomer' | 'createCustomer'> {
  return {
    async findMadeCustomer({ ref, email }) {
      const sameEmail = pages(call, 'GET /v1/customers', (page) =>
        stripe.customers.list({ email, ...page }),
      );
      for await (const { id, metadata } of sameEmail) if (metadata[REF] === ref) return id;
      return null;
    },

    async createCustomer({ ref, name, email, key }) {
      const { id } = await call('POST /v1/customers', () =>
        stripe.customers.create({ name, email, metadata: { [REF]: ref } }, { idempotencyKey: key }),
      );
      return id;
    },
  };
}

/** Stripe's pages on which a clinician gives another card. */
export function cardPages(
  stripe: Stripe,
  call: Call,
): Pick<Payments, 'cardLink' | 'closeCardPage' | 'cardPageSources'> {
  async function cardLink(args: {
    customer: string;
    feeId: string;
    returnUrl: string;
    key?: string;
  }): Promise<{ url: string; session: string }> {
    const session = await call('POST /v1/checkout/sessions', () =>
      stripe.checkout.sessions.create(
        {
          mode: 'setup',
          customer: args.customer,
          allowed_payment_method_types: ['card'],
          success_url: args.returnUrl,
          cancel_url: args.returnUrl,
          setup_intent_data: { metadata: { fee: args.feeId } },
        },
        args.key ? { idempotencyKey: args.key } : {},
      ),
    );
    if (!session.url) throw new Error('Bug! Stripe opened a card page without an address');
    return { url: session.url, session: session.id };
  }

  async function closeCardPage(session: string): Promise<boolean> {
    try {
      await call('POST /v1/checkout/sessions/:id/expire', () =>
        stripe.checkout.sessions.expire(session),
      );
      return true;
    } catch (error) {
      if (error instanceof PaymentsRefused && [400, 404].includes(error.status)) return false;
      throw error;
    }
  }

  function cardPageSources(): string[] {
    const [protocol, host, port] = (['protocol', 'host', 'port'] as const).map((field) =>
      String(stripe.getApiField(field)),
    );
    // Stripe's pages may have a domain of the practice's own; all of them use https.
    return ['https:', ...(protocol === 'http' ? [`http://${host}:${port}`] : [])];
  }

  return { cardLink, cardPageSources, closeCardPage };
}

/** Gives null instead of the error when Stripe does not know the id. */
export async function orMissing<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof PaymentsRefused && error.code === 'resource_missing') return null;
    throw error;
  }
}

function found({ id, card }: Stripe.PaymentMethod): CardReading | null {
  if (!card) return null;
  return {
    found: true,
    paymentMethod: id,
    brand: card.brand,
    last4: card.last4,
    fingerprint: card.fingerprint ?? null,
    expMonth: card.exp_month,
    expYear: card.exp_year,
  };
}

function none(paymentMethod: string | null): CardReading {
  return { found: false, why: paymentMethod ? 'card_detached' : 'no_card' };
}
