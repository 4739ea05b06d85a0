import { parseMigration } from '../config/databases.ts';
import { retryUntilAvailable } from '../ledger/connect-retry.ts';
import { migrateAs } from '../ledger/open.ts';
import type { CallOf } from './commands.ts';
import type { Io } from './io.ts';

const NO_ROLES = `The schema is up to date, but the roles levy_app and levy_reader do not exist, and
this login may not make them. Have an administrator of the server run

  create role levy_app login password '...';
  create role levy_reader;
  grant levy_app to OWNER;   -- the login that owns the ledger

and migrate again. Until then the program works as the owner.
`;

/**
 * `levy migrate`: migrates the schema, creates the roles if it may, and grants them their rights.
 * Exit status: 0 when all of it is done, 1 when the roles are missing.
 */
export async function migrateOnce(
  _call: CallOf<'migrate'>,
  { env, stdout, stderr }: Pick<Io, 'env' | 'stdout' | 'stderr'>,
): Promise<number> {
  const ownerUrl = parseMigration(env);
  const log = {
    warn: (fields: Record<string, unknown>, message: string) =>
      void stderr.write(`${message} ${JSON.stringify(fields)}\n`),
  };
  const { roles } = await retryUntilAvailable(() => migrateAs(ownerUrl, log), log);
  if (!roles) {
    stderr.write(NO_ROLES);
    return 1;
  }
  stdout.write('The schema is up to date, and the roles may do what they should.\n');
  return 0;
}
