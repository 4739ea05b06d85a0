/**
 * The sandbox Stripe as its own process. Prints one JSON line, `{"url": ...}`, when it is ready.
 *
 *   tsx sandbox/stripe/main.ts --port 12111 --journal .levy/stripe.journal \
 *     --webhook http://127.0.0.1:3000/webhooks/stripe --secret whsec_... --per-second 100
 */
import { parseArgs } from 'node:util';
import { startSandboxStripe } from './server.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    journal: { type: 'string' },
    webhook: { type: 'string' },
    /** May be given twice, while a secret is rotated. */
    secret: { type: 'string', multiple: true, default: [] },
    'per-second': { type: 'string' },
    'per-endpoint': { type: 'string' },
    'latency-ms': { type: 'string', default: '0' },
    'keep-events': { type: 'string' },
  },
});

const perSecond = values['per-second'];
const sandbox = await startSandboxStripe({
  port: Number(values.port),
  host: values.host,
  journal: values.journal,
  ...(values.webhook && { webhook: { url: values.webhook, secrets: values.secret } }),
  ...(perSecond && {
    limits: {
      perSecond: Number(perSecond),
      perEndpoint: Number(values['per-endpoint'] ?? perSecond),
    },
  }),
  latencyMs: Number(values['latency-ms']),
  ...(values['keep-events'] && { keepEvents: Number(values['keep-events']) }),
});
console.log(JSON.stringify({ url: sandbox.url }));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void sandbox.close().then(() => process.exit(0)));
}
