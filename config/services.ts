import { ConfigError, type Config, type ConfigProblem } from './config.ts';

/** The services one installation runs on: all named, nothing left to be brought along. */
export interface Services {
  /** The application's login. */
  databaseUrl: string;
  /** The login of the schema's owner; null where somebody else migrates. */
  databaseOwnerUrl: string | null;
  redisUrl: string | null;
  stripe: { secretKey: string; apiBase: string | null };
  webhookSecrets: string[];
  smtpUrl: string;
  sessionSecret: string;
}

/**
 * The services an environment names. For the parts started one by one, which must all speak to the
 * same ones and so cannot bring their own. Throws a `ConfigError` that lists what is missing.
 */
export function namedServices(config: Config): Services {
  const { databaseUrl, databaseOwnerUrl, redisUrl } = config;
  const { stripe, webhookSecrets, smtpUrl, sessionSecret } = config;
  if (databaseUrl && stripe && smtpUrl && sessionSecret && webhookSecrets.length > 0) {
    const databases = { databaseUrl, databaseOwnerUrl, redisUrl };
    return { ...databases, stripe, webhookSecrets, smtpUrl, sessionSecret };
  }
  const needed: Record<string, boolean> = {
    DATABASE_URL: databaseUrl !== null,
    STRIPE_SECRET_KEY: stripe !== null,
    STRIPE_WEBHOOK_SECRETS: webhookSecrets.length > 0,
    SMTP_URL: smtpUrl !== null,
    SESSION_SECRET: sessionSecret !== null,
  };
  const problems: ConfigProblem[] = Object.entries(needed)
    .filter(([, given]) => !given)
    .map(([variable]) => ({
      variable,
      problem: 'is not set',
      remedy: 'Name it for every part, or run everything in one with npm start',
    }));
  throw new ConfigError(problems);
}
