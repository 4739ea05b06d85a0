/**
 * The sandbox mailbox as its own process. Prints one JSON line, `{"smtpUrl": ..., "url": ...}`,
 * when it is ready.
 *
 *   tsx sandbox/mailbox/main.ts --smtp-port 1025 --http-port 8025 [--keep 1000] [--discard]
 */
import { parseArgs } from 'node:util';
import { startMailbox } from './mailbox.ts';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    'smtp-port': { type: 'string', default: '0' },
    'http-port': { type: 'string', default: '0' },
    keep: { type: 'string' },
    discard: { type: 'boolean', default: false },
  },
});

const mailbox = await startMailbox({
  host: values.host,
  smtpPort: Number(values['smtp-port']),
  httpPort: Number(values['http-port']),
  ...(values.keep && { keep: Number(values.keep) }),
  discard: values.discard,
});
console.log(JSON.stringify({ smtpUrl: mailbox.smtpUrl, url: mailbox.url }));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void mailbox.close().then(() => process.exit(0)));
}
