import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../config/config.ts';
import { parseMigration } from '../../config/databases.ts';
import { POLICY } from '../../config/policy.ts';
import { DAY_MS } from '../../core/policy.ts';

const noFiles = (path: string): string => {
  throw new Error(`ENOENT ${path}`);
};

/** The variables that are complained about, each with its problem. */
function complaints(env: Record<string, string>, readFile = noFiles): Record<string, string> {
  try {
    parseConfig(env, readFile);
    return {};
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { variable, remedy } of error.problems) {
      expect(error.message).toContain(variable);
      expect(remedy).not.toBe('');
    }
    return Object.fromEntries(error.problems.map(({ variable, problem }) => [variable, problem]));
  }
}

const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://levy:pw@db.internal:5432/levy',
  REDIS_URL: 'rediss://cache.internal:6380',
  STRIPE_SECRET_KEY: 'sk_live_abcdefghijklmnop',
  STRIPE_WEBHOOK_SECRETS: 'whsec_one_one_one, whsec_two_two_two',
  SMTP_URL: 'smtps://user:pw@mail.practice.example:465',
  MAIL_FROM: 'Sunrise Practice <fees@sunrise.example>',
  MAIL_REPLY_TO: 'office@sunrise.example',
  PRACTICE_NAME: 'Sunrise Practice',
  PUBLIC_URL: 'https://levy.sunrise.example/',
  SESSION_SECRET: 'x'.repeat(48),
};

describe('the configuration', () => {
  it('of an empty environment is what levy brings along, on this machine only', () => {
    const config = parseConfig({}, noFiles);
    expect(config).toMatchObject({
      production: false,
      databaseUrl: null,
      databaseOwnerUrl: null,
      redisUrl: null,
      stripe: null,
      smtpUrl: null,
      sessionSecret: null,
      webhookSecrets: [],
      livemode: false,
      host: '127.0.0.1',
      port: 3000,
      publicUrl: 'http://127.0.0.1:3000',
      trustProxy: [],
      logLevel: 'info',
      home: '.levy',
      annual: { cron: '0 9 15 1 *', timeZone: 'America/New_York', vendors: ['theranest'] },
    });
    expect(config.annual.autoApprove).toBe(false);
    expect(config.policy).toEqual(POLICY);
  });

  it('of a full production environment is read as it stands', () => {
    const config = parseConfig({ ...PRODUCTION, TRUST_PROXY: '10.0.0.0/8, ::1', PORT: '8080' });
    expect(config).toMatchObject({
      production: true,
      livemode: true,
      stripe: { secretKey: PRODUCTION.STRIPE_SECRET_KEY, apiBase: null },
      webhookSecrets: ['whsec_one_one_one', 'whsec_two_two_two'],
      publicUrl: 'https://levy.sunrise.example',
      mailReplyTo: 'office@sunrise.example',
      trustProxy: ['10.0.0.0/8', '::1'],
      port: 8080,
    });
  });

  it('takes an empty variable as one that is not set', () => {
    const empty = Object.fromEntries(Object.keys(PRODUCTION).map((name) => [name, '  ']));
    expect(parseConfig(empty, noFiles)).toEqual(parseConfig({}, noFiles));
  });

  it('reports everything that is wrong at once', () => {
    const found = complaints({
      NODE_ENV: 'prod',
      DATABASE_URL: 'mysql://db/levy',
      REDIS_URL: 'nonsense',
      STRIPE_SECRET_KEY: 'pk_live_public',
      STRIPE_API_BASE: 'http://127.0.0.1:4242/v1',
      STRIPE_TEST_MODE: 'yes',
      STRIPE_WEBHOOK_SECRETS: 'short',
      SMTP_URL: 'http://mail',
      MAIL_FROM: 'nobody',
      MAIL_REPLY_TO: 'a@b.example\r\nBcc: x@y.example',
      PUBLIC_URL: 'levy.example',
      SESSION_SECRET: 'short',
      PORT: '99999',
      LOG_LEVEL: 'loud',
      TRUST_PROXY: 'true',
      ANNUAL_CRON: 'every year',
      ANNUAL_TIME_ZONE: 'Mars/Olympus',
      ANNUAL_VENDORS: 'theranest,therapynotes',
      AUTO_APPROVE: '1',
      DAY_MS: '-1',
      NOTICE_DAYS: '0',
    });
    expect(Object.keys(found).sort()).toEqual(
      [
        'NODE_ENV DATABASE_URL REDIS_URL STRIPE_SECRET_KEY STRIPE_API_BASE STRIPE_TEST_MODE',
        'STRIPE_WEBHOOK_SECRETS SMTP_URL MAIL_FROM MAIL_REPLY_TO PUBLIC_URL SESSION_SECRET PORT',
        'LOG_LEVEL TRUST_PROXY ANNUAL_CRON ANNUAL_TIME_ZONE ANNUAL_VENDORS AUTO_APPROVE DAY_MS',
        'NOTICE_DAYS',
      ]
        .join(' ')
        .split(' ')
        .sort(),
    );
  });

  it('never repeats a secret in a complaint', () => {
    const secrets = {
      DATABASE_URL: 'mysql://canary-one@db/levy',
      STRIPE_SECRET_KEY: 'canary-two',
      STRIPE_WEBHOOK_SECRETS: 'canary3',
      SMTP_URL: 'ftp://canary-four',
      SESSION_SECRET: 'canary-five',
      REDIS_URL: 'canary-six',
    };
    expect(Object.keys(complaints(secrets))).toHaveLength(6);
    expect(JSON.stringify(complaints(secrets))).not.toContain('canary');
    expect(() => parseConfig(secrets)).toThrow(/^(?!.*canary)/s);
  });

  it('reads secrets from files, and says what is wrong with those', () => {
    const files: Record<string, string> = {
      '/run/secrets/stripe': 'sk_test_fromafile\n',
      '/run/secrets/empty': '\n',
    };
    const readFile = (path: string) => files[path] ?? noFiles(path);
    const read = parseConfig({ STRIPE_SECRET_KEY_FILE: '/run/secrets/stripe' }, readFile);
    expect(read.stripe?.secretKey).toBe('sk_test_fromafile');
    const found = complaints(
      {
        STRIPE_SECRET_KEY_FILE: '/run/secrets/stripe',
        STRIPE_SECRET_KEY: 'sk_test_direct',
        SESSION_SECRET_FILE: '/nowhere',
        SMTP_URL_FILE: '/run/secrets/empty',
      },
      readFile,
    );
    expect(found).toEqual({
      STRIPE_SECRET_KEY_FILE: 'and STRIPE_SECRET_KEY are both set',
      SESSION_SECRET_FILE: 'names a file that cannot be read',
      SMTP_URL_FILE: 'names an empty file',
    });
  });

  it('reads the owner of the database beside its login, and never alone', () => {
    const DATABASE_URL = 'postgres://levy_app:pw@db.internal/levy';
    const DATABASE_OWNER_URL = 'postgres://levy_owner:pw@db.internal/levy';
    const readFile = () => `${DATABASE_OWNER_URL}\n`;
    const read = { databaseUrl: DATABASE_URL, databaseOwnerUrl: DATABASE_OWNER_URL };
    expect(parseConfig({ DATABASE_URL, DATABASE_OWNER_URL })).toMatchObject(read);
    const fromFile = { DATABASE_URL, DATABASE_OWNER_URL_FILE: '/run/secrets/owner' };
    expect(parseConfig(fromFile, readFile)).toMatchObject(read);
    expect(complaints({ DATABASE_OWNER_URL })).toEqual({
      DATABASE_OWNER_URL: 'is set without a DATABASE_URL',
    });
    expect(Object.keys(complaints({ DATABASE_URL, DATABASE_OWNER_URL: 'mysql://db' }))).toEqual([
      'DATABASE_OWNER_URL',
    ]);
  });

  it('of a migration is the owner’s login, else the only one, and nothing more', () => {
    const owner = 'postgres://levy_owner:pw@db.internal/levy';
    const only = 'postgres://practice:pw@db.internal/levy';
    expect(parseMigration({ NODE_ENV: 'production', DATABASE_OWNER_URL: owner })).toBe(owner);
    expect(parseMigration({ DATABASE_URL: only })).toBe(only);
    expect(parseMigration({ DATABASE_URL: only, DATABASE_OWNER_URL: owner })).toBe(owner);
    expect(parseMigration({ DATABASE_OWNER_URL_FILE: '/run/secrets/owner' }, () => owner)).toBe(
      owner,
    );
    expect(() => parseMigration({})).toThrow(ConfigError);
    expect(() => parseMigration({ DATABASE_OWNER_URL: 'mysql://canary' })).toThrow(
      /^(?!.*canary)[^]*DATABASE_OWNER_URL is not/,
    );
  });

  it('needs the practice and the sender for real mail', () => {
    const found = complaints({ SMTP_URL: PRODUCTION.SMTP_URL });
    expect(Object.keys(found).sort()).toEqual(['MAIL_FROM', 'PRACTICE_NAME']);
  });

  it('never sends a live key in clear, nor lets it live through short days', () => {
    const live = { STRIPE_SECRET_KEY: PRODUCTION.STRIPE_SECRET_KEY };
    expect(complaints({ ...live, STRIPE_API_BASE: 'http://127.0.0.1:4242' })).toEqual({
      STRIPE_API_BASE: 'would send a live key in clear',
    });
    expect(complaints({ ...live, DAY_MS: '1000' })).toEqual({
      DAY_MS: 'makes days shorter than days',
    });
    expect(Object.keys(complaints({ ...live, STRIPE_TEST_MODE: 'true' }))).toEqual([
      'STRIPE_TEST_MODE',
    ]);
  });

  it('shortens days where nobody is charged', () => {
    const config = parseConfig({ DAY_MS: '250', STRIPE_SECRET_KEY: 'sk_test_x' });
    expect(config.policy).toMatchObject({ dayMs: 250, noticeDays: 14 });
  });
});

describe('in production', () => {
  it('nothing that only pretends is accepted, and all of it is said at once', () => {
    const found = complaints({ NODE_ENV: 'production', DAY_MS: '250' });
    expect(Object.keys(found).sort()).toEqual([
      'DAY_MS',
      'PUBLIC_URL',
      'SESSION_SECRET',
      'SMTP_URL',
      'STRIPE_SECRET_KEY',
      'STRIPE_WEBHOOK_SECRETS',
    ]);
  });

  it.each(['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRETS', 'SMTP_URL', 'SESSION_SECRET'])(
    '%s alone is missed',
    (name) => {
      const env: Record<string, string> = { ...PRODUCTION };
      delete env[name];
      expect(Object.keys(complaints(env))).toEqual([name]);
    },
  );

  it('a test key must be meant', () => {
    const test = { ...PRODUCTION, STRIPE_SECRET_KEY: 'sk_test_abcdefgh' };
    expect(Object.keys(complaints(test))).toEqual(['STRIPE_SECRET_KEY']);
    expect(parseConfig({ ...test, STRIPE_TEST_MODE: 'true' }).livemode).toBe(false);
  });

  it('people reach it by https, or on this machine', () => {
    const at = (PUBLIC_URL: string) => complaints({ ...PRODUCTION, PUBLIC_URL });
    expect(Object.keys(at('http://levy.sunrise.example'))).toEqual(['PUBLIC_URL']);
    expect(at('http://localhost:3000')).toEqual({});
  });

  it('a day is a day', () => {
    expect(parseConfig(PRODUCTION).policy.dayMs).toBe(DAY_MS);
    expect(Object.keys(complaints({ ...PRODUCTION, DAY_MS: '86399999' }))).toEqual(['DAY_MS']);
  });
});

describe('who is let in where', () => {
  it('is open to try levy with, and closed to strangers in production', () => {
    expect(parseConfig({}, noFiles).access).toEqual({
      ...{ authenticatorToApprove: false, metrics: 'open', docs: 'open' },
    });
    expect(parseConfig(PRODUCTION, noFiles).access).toEqual({
      ...{ authenticatorToApprove: true, metrics: { token: null }, docs: 'signed-in' },
    });
    const token = 'm'.repeat(40);
    expect(parseConfig({ METRICS_TOKEN: token }, noFiles).access.metrics).toEqual({ token });
    const open = { METRICS: 'open', DOCS: 'open', APPROVE_WITH_AUTHENTICATOR: 'false' };
    expect(parseConfig({ ...PRODUCTION, ...open }, noFiles).access).toEqual({
      ...{ authenticatorToApprove: false, metrics: 'open', docs: 'open' },
    });
  });

  it('refuses what contradicts itself', () => {
    expect(complaints({ METRICS: 'open', METRICS_TOKEN: 'm'.repeat(40) })).toHaveProperty(
      'METRICS',
    );
    expect(complaints({ APPROVERS: '3' })).toHaveProperty('APPROVERS');
    expect(complaints({ APPROVERS: '2', AUTO_APPROVE: 'true' })).toHaveProperty('AUTO_APPROVE');
    expect(parseConfig({ APPROVERS: '2' }, noFiles).policy.approvers).toBe(2);
  });
});
