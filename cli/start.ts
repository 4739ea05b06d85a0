import { startLevy, type RunningLevy } from '../app/levy.ts';
import { parseConfig } from '../config/config.ts';
import type { CallOf } from './commands.ts';
import type { Io } from './io.ts';

/** `levy start`: runs a practice's own installation until it is told to stop. */
export async function start(_call: CallOf<'start'>, { stdout, env, stopped }: Io): Promise<number> {
  const config = parseConfig(env);
  const say = (line: string) => void stdout.write(`${line}\n`);
  const levy = await startLevy(config, say);
  try {
    for (const line of greeting(levy, config.home)) say(line);
    if (levy.firstToken) say(`\nYour access token, shown this once: ${levy.firstToken}\n`);
    await stopped;
    say('Stopping: finishing the jobs in hand.');
  } finally {
    await levy.close();
  }
  return 0;
}

function greeting({ url, queue, sandbox }: RunningLevy, home: string): string[] {
  const lines = [
    `levy is running. Console ${url}/console  API ${url}/docs  Queues ${url}/queues`,
    `Queue on ${queue}; what levy keeps itself is in ${home}.`,
  ];
  if (sandbox.stripe)
    lines.push(`Stripe is the sandbox ${sandbox.stripe.url}: no card is charged.`);
  if (sandbox.mailbox)
    lines.push(`Mail goes to the sandbox mailbox ${sandbox.mailbox.url} and nowhere else.`);
  return lines;
}
