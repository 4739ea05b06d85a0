/**
 * A process of its own: an instant Stripe and an instant mailbox. They answer what the whole path
 * asks, at once and always well, so that it is levy that is measured; the sandbox, which keeps
 * books and checks what it is asked, would be a third of the work.
 */
import http from 'node:http';
import net from 'node:net';

const card = { brand: 'visa', last4: '4242', fingerprint: null, exp_month: 12, exp_year: 2034 };
let made = 0;
/** The customer of each card: it is checked before a charge. */
const owners = new Map<string, string>();

interface StripeObject {
  id: string;
  [field: string]: unknown;
}
/**
 * The lists that the check of Stripe's books reads, oldest first, by the path of their resource.
 * What is never made here, such as a dispute, has an empty list.
 */
const books = new Map<string, StripeObject[]>();
const intents = new Map<string, StripeObject>();
const ofCustomer = new Map<string, StripeObject[]>();
const nowSeconds = () => Math.floor((performance.timeOrigin + performance.now()) / 1000);

function enter(resource: string, object: StripeObject): StripeObject {
  const list = books.get(resource) ?? [];
  books.set(resource, list);
  list.push(object);
  return object;
}

/** The fields `metadata[name]` of a form. */
function metadataOf(form: URLSearchParams): Record<string, string> {
  const named = [...form].flatMap(([key, value]) => {
    const name = /^metadata\[(\w+)\]$/.exec(key)?.[1];
    return name ? [[name, value] as const] : [];
  });
  return Object.fromEntries(named);
}

function createIntent(form: URLSearchParams): StripeObject {
  const customer = form.get('customer') ?? '';
  const intent = enter('payment_intents', {
    ...{ id: `pi_${made}`, object: 'payment_intent', created: nowSeconds(), customer },
    ...{ amount: 1950, amount_received: 0, status: 'requires_payment_method', currency: 'usd' },
    ...{ latest_charge: null, last_payment_error: null, metadata: metadataOf(form) },
    livemode: false,
  });
  intents.set(intent.id, intent);
  ofCustomer.set(customer, [...(ofCustomer.get(customer) ?? []), intent]);
  return intent;
}

function confirm(intent: StripeObject, form: URLSearchParams): StripeObject {
  const created = nowSeconds();
  const { customer, metadata } = intent;
  const charge = enter('charges', {
    ...{ id: `ch_${made}`, object: 'charge', created, customer, metadata },
    ...{ payment_intent: intent.id, payment_method: form.get('payment_method') },
    ...{ status: 'succeeded', amount: 1950, amount_refunded: 0, refunded: false },
    ...{ disputed: false, payment_method_details: { card }, livemode: false },
  });
  enter('balance_transactions', {
    ...{ id: `txn_${made}`, object: 'balance_transaction', created, type: 'charge' },
    ...{ amount: 1950, fee: 87, net: 1863, source: charge.id },
  });
  return Object.assign(intent, {
    ...{ status: 'succeeded', amount_received: 1950, latest_charge: charge },
  });
}

/** One page, newest first, as Stripe gives it. */
function listed(resource: string, query: URLSearchParams): object {
  const customer = query.get('customer');
  const all = (customer ? ofCustomer.get(customer) : books.get(resource)) ?? [];
  const before = all.findIndex(({ id }) => id === query.get('starting_after'));
  const end = before === -1 ? all.length : before;
  const start = Math.max(0, end - Number(query.get('limit') ?? 10));
  return { object: 'list', data: all.slice(start, end).reverse(), has_more: start > 0 };
}

function answer(method: string, url: URL, form: URLSearchParams): object {
  const [, , resource = '', id = '', act] = url.pathname.split('/');
  made += 1;
  const intent = intents.get(id);
  if (intent && act === 'confirm') return confirm(intent, form);
  if (intent)
    return Object.assign(intent, {
      metadata: { ...(intent.metadata as object), ...metadataOf(form) },
    });
  if (resource === 'payment_intents' && method === 'POST') return createIntent(form);
  if (resource === 'payment_methods' && act === 'attach') {
    owners.set(`pm_${made}`, form.get('customer') ?? '');
    return cardOf(`pm_${made}`);
  }
  if (resource === 'payment_methods') return cardOf(id);
  if (resource === 'customers' && method === 'POST')
    return { id: `cus_${made}`, object: 'customer' };
  return listed(resource, url.searchParams);
}

function cardOf(id: string): object {
  return { id, object: 'payment_method', type: 'card', customer: owners.get(id) ?? null, card };
}

const stripe = http.createServer((request, response) => {
  let sent = '';
  request.on('data', (data) => (sent += String(data)));
  request.once('end', () => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const body = JSON.stringify(answer(request.method ?? '', url, new URLSearchParams(sent)));
    response.writeHead(200, { 'content-type': 'application/json', 'request-id': 'req_bench' });
    response.end(body);
  });
});
stripe.keepAliveTimeout = 120_000;

const smtp = net.createServer((socket) => {
  let taking = false;
  let tail = '';
  socket.write('220 bench\r\n');
  socket
    .on('error', () => undefined)
    .on('data', (data) => {
      const text = data.toString('latin1');
      if (taking) {
        tail = (tail + text).slice(-5);
        if (tail !== '\r\n.\r\n') return;
        tail = '';
        taking = false;
        socket.write('250 2.0.0 taken as 1\r\n');
      } else if (text.startsWith('DATA')) {
        taking = true;
        socket.write('354 go on\r\n');
      } else if (text.startsWith('EHLO')) socket.write('250-bench\r\n250 8BITMIME\r\n');
      else if (text.startsWith('QUIT')) socket.end('221 bye\r\n');
      else socket.write('250 ok\r\n');
    });
});

await new Promise<void>((resolve) => stripe.listen(0, '127.0.0.1', resolve));
await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
const portOf = (server: net.Server) => (server.address() as net.AddressInfo).port;
console.log(
  JSON.stringify({
    stripeUrl: `http://127.0.0.1:${portOf(stripe)}`,
    smtpUrl: `smtp://127.0.0.1:${portOf(smtp)}`,
  }),
);
process.stdin.on('end', () => process.exit(0)).resume();
