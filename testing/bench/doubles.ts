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

function intent(id: string, charge: string | null): object {
  const status = charge ? 'succeeded' : 'requires_payment_method';
  const latest = charge && {
    id: charge,
    status,
    refunded: false,
    disputed: false,
    amount_refunded: 0,
  };
  return {
    id,
    object: 'payment_intent',
    amount: 1950,
    amount_received: charge ? 1950 : 0,
    status,
    currency: 'usd',
    latest_charge: latest,
    last_payment_error: null,
    metadata: {},
    livemode: false,
  };
}

function answer(method: string, path: string, body: string): object {
  const [, , resource, id = '', act] = path.split('/');
  made += 1;
  if (resource === 'payment_intents' && act === 'confirm') return intent(id, `ch_${made}`);
  if (resource === 'payment_intents' && (id || method === 'POST'))
    return intent(id || `pi_${made}`, null);
  if (resource === 'payment_methods' && act === 'attach') {
    owners.set(`pm_${made}`, new URLSearchParams(body).get('customer') ?? '');
    return cardOf(`pm_${made}`);
  }
  if (resource === 'payment_methods') return cardOf(id);
  if (resource === 'customers' && method === 'POST')
    return { id: `cus_${made}`, object: 'customer' };
  return { object: 'list', data: [], has_more: false };
}

function cardOf(id: string): object {
  return { id, object: 'payment_method', type: 'card', customer: owners.get(id) ?? null, card };
}

const stripe = http.createServer((request, response) => {
  let sent = '';
  request.on('data', (data) => (sent += String(data)));
  request.once('end', () => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const body = JSON.stringify(answer(request.method ?? '', path, sent));
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
