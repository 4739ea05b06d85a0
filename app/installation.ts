import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Services } from '../config/services.ts';
import { databaseFolder, makeHome } from './home.ts';
import { startEmbeddedPostgres } from './postgres/postgres.ts';
import { startMailbox, type Mailbox } from '../sandbox/mailbox/mailbox.ts';
import { startSandboxStripe, type SandboxStripe } from '../sandbox/stripe/server.ts';

/** The services levy runs on; some of them may be built in. */
export interface Installation {
  services: Services;
  /** The built-in replacements of outside services. */
  sandbox: { stripe: SandboxStripe | null; mailbox: Mailbox | null };
  close(): Promise<void>;
}

/**
 * Provides what the configuration does not name: the embedded Postgres, the sandbox Stripe, the
 * sandbox mailbox and secrets, all in levy's own folder, where they survive restarts.
 * @param say  called with each line a person should know
 */
export async function openInstallation(
  config: Config,
  say: (line: string) => void,
): Promise<Installation> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    // In the reverse order of their start, so that nothing loses a service it needs.
    for (const end of closers.reverse()) await end();
  };
  try {
    await makeHome(config.home);
    const secrets = await keptSecrets(config);
    const { databaseUrl, databaseOwnerUrl } = config;
    const databases = databaseUrl
      ? { databaseUrl, databaseOwnerUrl }
      : await embeddedDatabase(config, say, closers);
    const webhookUrl = `http://${hostOf(config)}:${config.port}/webhooks/stripe`;
    const stripe = config.stripe ? null : await sandboxStripe(config, secrets, webhookUrl, closers);
    const mailbox = config.smtpUrl ? null : await sandboxMailbox(config, closers);
    return {
      services: {
        ...databases,
        redisUrl: config.redisUrl,
        stripe: config.stripe ?? { secretKey: SANDBOX_KEY, apiBase: stripe?.url ?? null },
        webhookSecrets: secrets.webhookSecrets,
        smtpUrl: config.smtpUrl ?? mailbox?.smtpUrl ?? '',
        sessionSecret: secrets.sessionSecret,
      },
      sandbox: { stripe, mailbox },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The sandbox accepts any test key; this one names its purpose. */
const SANDBOX_KEY = 'sk_test_levySandbox';

interface Secrets {
  webhookSecrets: string[];
  sessionSecret: string;
}

/** The secrets in the configuration, or those made and stored at the first start. */
async function keptSecrets(config: Config): Promise<Secrets> {
  const file = join(config.home, 'secrets.json');
  const made: Secrets = {
    webhookSecrets: [`whsec_${randomBytes(24).toString('base64url')}`],
    sessionSecret: randomBytes(48).toString('base64url'),
  };
  try {
    await writeFile(file, `${JSON.stringify(made, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  }
  const kept = JSON.parse(await readFile(file, 'utf8')) as Secrets;
  return {
    webhookSecrets: config.webhookSecrets.length > 0 ? config.webhookSecrets : kept.webhookSecrets,
    sessionSecret: config.sessionSecret ?? kept.sessionSecret,
  };
}

async function embeddedDatabase(
  config: Config,
  log: (line: string) => void,
  closers: (() => Promise<void>)[],
): Promise<Pick<Services, 'databaseUrl' | 'databaseOwnerUrl'>> {
  const postgres = await startEmbeddedPostgres({ dir: databaseFolder(config.home), log });
  closers.push(() => postgres.stop());
  return { databaseUrl: postgres.appUrl, databaseOwnerUrl: postgres.url };
}

async function sandboxStripe(
  config: Config,
  { webhookSecrets }: Secrets,
  webhookUrl: string,
  closers: (() => Promise<void>)[],
): Promise<SandboxStripe> {
  const stripe = await startSandboxStripe({
    journal: join(config.home, 'sandbox-stripe.journal'),
    webhook: { url: webhookUrl, secrets: webhookSecrets },
  });
  closers.push(() => stripe.close());
  return stripe;
}

async function sandboxMailbox(
  { home }: Config,
  closers: (() => Promise<void>)[],
): Promise<Mailbox> {
  const mailbox = await startMailbox({ journal: join(home, 'sandbox-mailbox.journal') });
  closers.push(() => mailbox.close());
  return mailbox;
}

function hostOf({ host }: Config): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}
