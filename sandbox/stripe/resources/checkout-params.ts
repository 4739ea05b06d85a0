/** The parameters of the checkout session endpoints, as stripe 23 types them. */
import { invalidRequest } from '../http/errors.ts';
import {
  email,
  expandable,
  hash,
  integer,
  listOf,
  metadata,
  notHere,
  oneOf,
  paging,
  text,
  timeRange,
} from '../http/params.ts';
import type { Read } from '../http/params.ts';

/** An address a browser can be sent to; `{CHECKOUT_SESSION_ID}` may stand anywhere in it. */
const webAddress: Read<string> = (value, path) => {
  const given = text()(value, path);
  if (/^https?:\/\//i.test(given) && URL.canParse(given)) return given;
  throw invalidRequest('Not a valid URL', { code: 'url_invalid', param: path });
};

/** Parameters by endpoint. */
export const checkoutParams = {
  create: {
    ...expandable,
    allowed_payment_method_types: listOf(oneOf('card')),
    billing_address_collection: oneOf('auto', 'required'),
    cancel_url: webAddress,
    client_reference_id: text(200),
    currency: text(3),
    custom_text: notHere,
    customer: text(),
    customer_creation: oneOf('always', 'if_required'),
    customer_email: email,
    expires_at: integer(),
    locale: text(10),
    metadata,
    mode: oneOf('payment', 'setup', 'subscription'),
    setup_intent_data: hash({ description: text(1000), metadata }),
    success_url: webAddress,
    ui_mode: oneOf('elements', 'embedded_page', 'form', 'hosted_page'),
  },
  expire: expandable,
  list: {
    ...paging,
    created: timeRange,
    customer: text(),
    status: oneOf('complete', 'expired', 'open'),
  },
};
