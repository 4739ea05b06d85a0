import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { DAY_MS, PASS_ON, REFUND_MOVED, type Policy } from '../core/policy.ts';
import { databasesOf, homeOf, type Databases } from './databases.ts';
import { ConfigError, createReader, url, type Environment, type Form } from './environment.ts';
import type { Reader } from './environment.ts';
import { POLICY } from './policy.ts';
import { VENDORS } from './rates.ts';

export { ConfigError, type ConfigProblem } from './environment.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The whole configuration. Null means: what levy brings along, the sandbox or the embedded one. */
export interface Config extends Databases {
  production: boolean;
  /** Null: the queue lives in the database. */
  redisUrl: string | null;
  /** Null: the sandbox Stripe. `apiBase` null: Stripe's own address. */
  stripe: { secretKey: string; apiBase: string | null } | null;
  /** Calls a second that Stripe allows; null: as many as there are. */
  stripeLimits: { perSecond: number; perEndpoint: number } | null;
  /** Signing secrets of the webhook endpoint, two during rotation. Empty: to be generated. */
  webhookSecrets: string[];
  /** True when real cards are charged. */
  livemode: boolean;
  /** Null: the sandbox mailbox. */
  smtpUrl: string | null;
  mailFrom: string;
  mailReplyTo: string;
  practiceName: string;
  /** Where people reach the API and the console, without a slash at the end. */
  publicUrl: string;
  /** Null: to be generated. */
  sessionSecret: string | null;
  host: string;
  port: number;
  /** Addresses and CIDR ranges of the proxies in front. */
  trustProxy: string[];
  logLevel: LogLevel;
  /** Where `npm start` keeps its data. */
  home: string;
  annual: { cron: string; timeZone: string; vendors: string[]; autoApprove: boolean };
  policy: Policy;
  access: Access;
}

/** Who is let in where. */
export interface Access {
  /** A colleague approves only with an authenticator app set up. */
  authenticatorToApprove: boolean;
  /** Who sees /metrics: everybody, or whoever has this token; null: nobody. */
  metrics: 'open' | { token: string | null };
  /** Who sees /docs: everybody, whoever is signed in, or nobody. */
  docs: (typeof DOCS)[number];
}

/**
 * The configuration an environment asks for. Throws one `ConfigError` that lists everything that
 * is wrong. Secrets have no defaults, and production runs on nothing that only pretends.
 *
 * @param readFile  reads the files that `*_FILE` variables name
 */
export function parseConfig(
  env: Environment,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): Config {
  const reader = createReader(env, readFile);
  const production = reader.choice('NODE_ENV', ENVIRONMENTS) === 'production';
  const host = reader.text('HOST') ?? '127.0.0.1';
  const port = reader.integer('PORT', 3000, 0, 65_535);
  const config: Config = {
    production,
    ...databasesOf(reader),
    redisUrl: reader.secret('REDIS_URL', REDIS_URL),
    ...stripeOf(reader, production),
    ...mailOf(reader),
    publicUrl: publicUrlOf(reader, host, port),
    sessionSecret: reader.secret('SESSION_SECRET', LONG_SECRET),
    host,
    port,
    trustProxy: reader.list('TRUST_PROXY', PROXY),
    logLevel: reader.choice('LOG_LEVEL', LOG_LEVELS) ?? 'info',
    home: homeOf(reader),
    annual: annualOf(reader),
    policy: {
      ...POLICY,
      dayMs: reader.integer('DAY_MS', DAY_MS, 1, DAY_MS),
      noticeDays: reader.integer('NOTICE_DAYS', POLICY.noticeDays, 1, 90),
      passOn: reader.choice('PASS_ON', PASS_ON) ?? POLICY.passOn,
      refundMoved: reader.choice('REFUND_MOVED', REFUND_MOVED) ?? POLICY.refundMoved,
      approvers: reader.integer('APPROVERS', POLICY.approvers, 1, 2),
    },
    access: accessOf(reader, production),
  };
  if (production) refusePretence(reader, env, config);
  if (config.annual.autoApprove && config.policy.approvers > 1)
    reader.complain(
      'AUTO_APPROVE',
      'is true, and APPROVERS asks for two people',
      'Leave one of them out',
    );
  if (config.livemode && config.policy.dayMs !== DAY_MS)
    reader.complain('DAY_MS', 'makes days shorter than days', 'Leave it out with a live key');
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return config;
}

const DOCS = ['open', 'signed-in', 'off'] as const;
const ENVIRONMENTS = ['development', 'test', 'production'] as const;
const REDIS_URL = url(['redis', 'rediss'], 'redis://127.0.0.1:6379');
const SMTP_URL = url(['smtp', 'smtps'], 'smtps://user:secret@mail.practice.example:465');
const API_BASE = url(['http', 'https'], 'http://127.0.0.1:4242', true);
const PUBLIC_URL = url(['http', 'https'], 'https://levy.practice.example', true);

const LONG_SECRET: Form = {
  is: (value) => value.length >= 32,
  words: 'at least 32 characters long',
  remedy: 'Make one with: openssl rand -base64 48',
};

const STRIPE_KEY: Form = {
  is: (value) => /^(sk|rk)_(test|live)_\w+$/.test(value),
  words: 'a secret key of Stripe',
  remedy: 'Take sk_... or rk_... from the API keys page of the Stripe dashboard',
};

const PROXY: Form = {
  is: isAddressOrRange,
  words: 'an address or a CIDR range',
  remedy: 'Name the proxies one by one, like 10.0.0.0/8,192.168.1.7; trusting all is not offered',
};

const MAIL_ADDRESS: Form = {
  is: (value) =>
    /^([^\p{C}<>"@]+ <)?[^\s\p{C}<>"@]+@[^\s\p{C}<>"@]+\.[^\s\p{C}<>"@.]+>?$/u.test(value),
  words: 'an e-mail address',
  remedy: 'Write it like fees@practice.example or Sample Practice <fees@practice.example>',
};

const CRON: Form = {
  is: (value) => /^([\d*/,\-?L#A-Z]+\s+){4,5}[\d*/,\-?L#A-Z]+$/i.test(value),
  words: 'a cron expression of five fields',
  remedy: 'Write minute, hour, day, month, weekday, like 0 9 15 1 *',
};

const TIME_ZONE: Form = {
  is: isTimeZone,
  words: 'an IANA time zone',
  remedy: 'Write it like America/New_York',
};

const LEVYING = VENDORS.filter(({ levies }) => levies).map(({ vendor }) => vendor);
const VENDOR: Form = {
  is: (value) => LEVYING.includes(value),
  words: 'a vendor that levies the fee',
  remedy: `Choose of ${LEVYING.join(', ')}`,
};

function stripeOf(reader: Reader, production: boolean) {
  const secretKey = reader.secret('STRIPE_SECRET_KEY', STRIPE_KEY);
  const apiBase = reader.text('STRIPE_API_BASE', API_BASE);
  const testMode = reader.flag('STRIPE_TEST_MODE');
  const livemode = secretKey !== null && /^.._live_/.test(secretKey);
  if (livemode && testMode)
    reader.complain(
      'STRIPE_TEST_MODE',
      'is true with a live key',
      'Use a test key, or leave it out',
    );
  if (livemode && apiBase?.startsWith('http:'))
    reader.complain('STRIPE_API_BASE', 'would send a live key in clear', 'Use https');
  if (secretKey && !livemode && production && !testMode)
    reader.complain(
      'STRIPE_SECRET_KEY',
      'is a test key, so no card would be charged',
      'Use a live key, or say that this is meant with STRIPE_TEST_MODE=true',
    );
  if (apiBase && !secretKey)
    reader.complain('STRIPE_API_BASE', 'needs a STRIPE_SECRET_KEY', 'Set it to the key used there');
  const webhookSecrets = (reader.secret('STRIPE_WEBHOOK_SECRETS') ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  if (webhookSecrets.some((one) => one.length < 8))
    reader.complain(
      'STRIPE_WEBHOOK_SECRETS',
      'holds one too short to be a secret',
      'Copy whsec_...',
    );
  const stripe = secretKey ? { secretKey, apiBase } : null;
  return { stripe, stripeLimits: limitsOf(reader, stripe, livemode), webhookSecrets, livemode };
}

/**
 * Stripe's own limits (docs.stripe.com/rate-limits, 2026): 100 calls a second live, 25 in test
 * mode, and 25 per endpoint. An address that only speaks like Stripe has none unless named.
 */
function limitsOf(
  reader: Reader,
  stripe: Config['stripe'],
  livemode: boolean,
): Config['stripeLimits'] {
  const isStripe = stripe !== null && stripe.apiBase === null;
  const perSecond = reader.integer(
    'STRIPE_PER_SECOND',
    isStripe ? (livemode ? 100 : 25) : 0,
    0,
    10_000,
  );
  const perEndpoint = reader.integer('STRIPE_PER_ENDPOINT', Math.min(perSecond, 25), 0, 10_000);
  return perSecond > 0 ? { perSecond, perEndpoint: perEndpoint || perSecond } : null;
}

function mailOf(reader: Reader) {
  const smtpUrl = reader.secret('SMTP_URL', SMTP_URL);
  const practiceName = reader.text('PRACTICE_NAME', {
    is: (value) => !/\p{C}/u.test(value) && value.length <= 100,
    words: 'a name of one line',
    remedy: 'Write the name clinicians know the practice by',
  });
  const from = reader.text('MAIL_FROM', MAIL_ADDRESS);
  const replyTo = reader.text('MAIL_REPLY_TO', MAIL_ADDRESS);
  const needed = (name: string, value: string | null) => {
    if (smtpUrl && !value) reader.complain(name, 'is not set', 'Real mail needs it with SMTP_URL');
  };
  needed('PRACTICE_NAME', practiceName);
  needed('MAIL_FROM', from);
  const mailFrom = from ?? 'Sample Practice <fees@practice.example>';
  return {
    smtpUrl,
    practiceName: practiceName ?? 'Sample Practice',
    mailFrom,
    mailReplyTo: replyTo ?? mailFrom,
  };
}

function publicUrlOf(reader: Reader, host: string, port: number): string {
  const given = reader.text('PUBLIC_URL', PUBLIC_URL);
  if (given) return given.replace(/\/$/, '');
  const everywhere = host === '0.0.0.0' || host === '::';
  const name = everywhere ? 'localhost' : isIP(host) === 6 ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function annualOf(reader: Reader): Config['annual'] {
  const vendors = reader.list('ANNUAL_VENDORS', VENDOR);
  return {
    // Mid-January: the vendors bill with the first invoice of the year.
    cron: reader.text('ANNUAL_CRON', CRON) ?? '0 9 15 1 *',
    timeZone: reader.text('ANNUAL_TIME_ZONE', TIME_ZONE) ?? 'America/New_York',
    vendors: vendors.length > 0 ? vendors : ['theranest'],
    autoApprove: reader.flag('AUTO_APPROVE'),
  };
}

/** Outside production levy is easy to look into; in production strangers see nothing of it. */
function accessOf(reader: Reader, production: boolean): Access {
  const token = reader.secret('METRICS_TOKEN', LONG_SECRET);
  const metrics = reader.choice('METRICS', ['open', 'closed']);
  if (token && metrics === 'open')
    reader.complain('METRICS', 'is open, and METRICS_TOKEN is set', 'Leave one of them out');
  const isOpen = metrics === 'open' || (!production && metrics === null && token === null);
  const app = reader.choice('APPROVE_WITH_AUTHENTICATOR', ['true', 'false']);
  return {
    authenticatorToApprove: app === null ? production : app === 'true',
    metrics: isOpen ? 'open' : { token },
    docs: reader.choice('DOCS', DOCS) ?? (production ? 'signed-in' : 'open'),
  };
}

/** What is convenient to try levy with would, in production, lie to its people. */
function refusePretence(reader: Reader, env: Environment, config: Config): void {
  const isGiven = (name: string) => Boolean(env[name]?.trim() || env[`${name}_FILE`]?.trim());
  const needs = (name: string, problem: string, remedy: string) => {
    if (!isGiven(name)) reader.complain(name, problem, remedy);
  };
  needs('STRIPE_SECRET_KEY', 'is not set: the sandbox charges no cards', 'Set a live key');
  needs('STRIPE_WEBHOOK_SECRETS', 'is not set, and is not made up in production', 'Copy whsec_...');
  needs('SMTP_URL', 'is not set: the sandbox mailbox reaches nobody', 'Name your mail server');
  needs('SESSION_SECRET', 'is not set, and is not made up in production', LONG_SECRET.remedy);
  needs('PUBLIC_URL', 'is not set: links in mails need it', 'Write it like https://levy.example');
  if (isGiven('PUBLIC_URL') && !isSafe(config.publicUrl))
    reader.complain('PUBLIC_URL', 'is not https: tokens would travel in clear', 'Use https');
  if (config.policy.dayMs !== DAY_MS)
    reader.complain('DAY_MS', 'makes days shorter than days', 'Leave it out in production');
}

function isSafe(publicUrl: string): boolean {
  const { protocol, hostname } = new URL(publicUrl);
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

function isAddressOrRange(value: string): boolean {
  const [address = '', bits, ...more] = value.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  if (bits === undefined) return true;
  try {
    new BlockList().addSubnet(address, Number(bits), version === 6 ? 'ipv6' : 'ipv4');
    // A range of everything is the same as trusting all.
    return /^\d{1,3}$/.test(bits) && Number(bits) > 0;
  } catch {
    return false;
  }
}

function isTimeZone(value: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}
