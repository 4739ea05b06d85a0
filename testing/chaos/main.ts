import { parseArgs } from 'node:util';
import { randomBytes } from 'node:crypto';
import { print, runChaos } from './run.ts';

const USAGE = `Usage: npm run chaos -- --queue redis|postgres [--seconds 60] [--seed S]
         [--people 240] [--workers 3] [--alone] [--json] [--keep] [--flush]

Runs a year in a levy of several processes while everything around it and in it fails, heals all of
it, and proves by the ledger, by Stripe's books and by the mailbox that nobody was charged twice,
unannounced, wrongly or forgotten. Status: 0 when everything holds, 1 on any violation.

  --seed  the same schedule of faults again; what meets what is up to the machine
  --alone no second installation on the same Stripe account
  --flush the queue is lost once more before the end: quicker than waiting for stalled jobs
  --keep  leaves the programs' logs where the run says; on a violation they are kept anyway
`;

const { values } = parseArgs({
  options: {
    queue: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    people: { type: 'string' },
    workers: { type: 'string', default: '3' },
    alone: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    flush: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const { queue } = values;
const seconds = Number(values.seconds);
const people = Number(values.people ?? Math.min(400, 120 + 2 * seconds));
if (values.help || (queue !== 'redis' && queue !== 'postgres') || !(seconds > 0)) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => stop.abort(new Error(`told to stop (${signal})`)));
const say = (line: string) => void process.stderr.write(`${line}\n`);
const seed = values.seed ?? randomBytes(4).toString('hex');
const workers = Number(values.workers);
try {
  const outcome = await runChaos({
    ...{ queue, seconds, seed, people, workers, say },
    second: !values.alone,
    ...{ keep: values.keep, flushAtEnd: values.flush, stop: stop.signal },
  });
  if (values.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  else print(outcome, (line) => void process.stdout.write(`${line}\n`));
  process.exitCode = outcome.violations.length === 0 ? 0 : 1;
} catch (error) {
  say(`The run broke off: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = stop.signal.aborted ? 130 : 1;
}
