import { readFileSync } from 'node:fs';
import { ConfigError, createReader, url, type Environment, type Reader } from './environment.ts';

/** The two logins of the ledger's database. */
export interface Databases {
  /** The application's login. Null: the embedded Postgres. */
  databaseUrl: string | null;
  /** The login of the schema's owner. Null: somebody else migrates, or `databaseUrl` may. */
  databaseOwnerUrl: string | null;
}

const ADDRESS = url(['postgres', 'postgresql'], 'postgres://levy_app:secret@127.0.0.1:5432/levy');

export function databasesOf(reader: Reader): Databases {
  const databaseUrl = reader.secret('DATABASE_URL', ADDRESS);
  const databaseOwnerUrl = reader.secret('DATABASE_OWNER_URL', ADDRESS);
  if (databaseOwnerUrl && !databaseUrl)
    reader.complain(
      'DATABASE_OWNER_URL',
      'is set without a DATABASE_URL',
      'Name the login to work with, too: that of levy_app',
    );
  return { databaseUrl, databaseOwnerUrl };
}

/** Where levy keeps its data unless `LEVY_HOME` says otherwise. */
export function homeOf(reader: Reader): string {
  return reader.text('LEVY_HOME') ?? '.levy';
}

/**
 * Where the ledger is, and nothing else of an environment: the database it names (null: none), and
 * the folder that holds one otherwise. Throws a `ConfigError`.
 */
export function parsePlace(
  env: Environment,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): { databaseUrl: string | null; home: string } {
  const reader = createReader(env, readFile);
  const place = { databaseUrl: reader.secret('DATABASE_URL', ADDRESS), home: homeOf(reader) };
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return place;
}

/**
 * The login to migrate with, and nothing else of an environment: the owner's, or else the only one
 * there is. Throws a `ConfigError` when there is none.
 */
export function parseMigration(
  env: Environment,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): string {
  const reader = createReader(env, readFile);
  const address =
    reader.secret('DATABASE_OWNER_URL', ADDRESS) ?? reader.secret('DATABASE_URL', ADDRESS);
  if (!address && reader.problems.length === 0)
    reader.complain(
      'DATABASE_OWNER_URL',
      'is not set',
      'Name the login that owns the schema; npm start migrates its own database by itself',
    );
  if (!address || reader.problems.length > 0) throw new ConfigError(reader.problems);
  return address;
}
