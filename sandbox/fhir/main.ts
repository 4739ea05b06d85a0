/**
 * The sandbox FHIR server as its own process, with a few invented records. Prints one JSON line,
 * `{"url": ..., "token": ...}`, when it is ready.
 *
 *   tsx sandbox/fhir/main.ts --port 8080 --token sandbox --busy-every 5
 */
import { parseArgs } from 'node:util';
import { inventedNpi } from '../samples/npi.ts';
import { claim, encounter, practitioner } from './records.ts';
import { startFhirServer } from './server.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    token: { type: 'string', default: 'sandbox' },
    'busy-every': { type: 'string', default: '0' },
  },
});

const by = 'Practitioner/1';
const server = await startFhirServer({
  port: Number(values.port),
  token: values.token,
  busyEvery: Number(values['busy-every']),
  page: 2,
  records: [
    practitioner('1', 'Beatrix Lindqvist', inventedNpi(1)),
    claim('c1', { by, code: '90834', day: '2026-03-02' }),
    claim('c2', { by, code: '90837', day: '2026-12-30', created: '2027-01-04' }),
    claim('c3', { by, code: '90837', day: '2026-04-02' }),
    encounter('e1', { by, code: '90791', day: '2026-02-02' }),
  ],
});
console.log(JSON.stringify({ url: server.url, token: values.token }));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void server.close().then(() => process.exit(0)));
}
