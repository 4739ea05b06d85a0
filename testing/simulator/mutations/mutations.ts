import { BULK_MUTATIONS } from './bulk-acts.ts';
import { IDENTITY_MUTATIONS } from './identity.ts';
import { INVOICE_MUTATIONS } from './invoices.ts';
import { LEDGER_MUTATIONS } from './ledger.ts';
import { MAIL_MUTATIONS } from './mail.ts';
import { MONEY_MUTATIONS } from './money.ts';
import { NO_MUTATION, type Mutation } from './mutation.ts';

/** Every mutation. */
export const MUTATIONS: Mutation[] = [
  ...MONEY_MUTATIONS,
  ...LEDGER_MUTATIONS,
  ...MAIL_MUTATIONS,
  ...IDENTITY_MUTATIONS,
  ...BULK_MUTATIONS,
  ...INVOICE_MUTATIONS,
];

/** The bug of this name; `none` is the production as it is. Throws for any other name. */
export function mutationOf(name: string): Mutation {
  const found = [NO_MUTATION, ...MUTATIONS].find((one) => one.name === name);
  if (found) return found;
  throw new Error(
    `There is no mutation "${name}": ${MUTATIONS.map((one) => one.name).join(', ')}, all.`,
  );
}
