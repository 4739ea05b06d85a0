import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Caller } from '../../ledger/access.ts';
import type { Credentials, Role } from '../../ledger/colleagues.ts';
import type { ApiDeps } from '../deps.ts';
import { bareRecoveryCode, stepOfCode } from './authenticator.ts';
import { problem } from './errors.ts';
import { createFailureLimit } from './failure-limit.ts';
import { isPassword } from './password.ts';

const MINUTE_MS = 60_000;

/** What a right password leads to: a colleague who is in, or a ticket for the step of the code. */
export type Passed = { colleagueId: string } | { ticket: string };

/** The browser of a sign-in. */
export interface From {
  ip: string;
  /** The colleague who has signed in with this browser before; null: nobody. */
  knownAs: string | null;
}

/** How long the step with the code may take. */
const TICKET_MS = 5 * MINUTE_MS;

/**
 * The sign-in of colleagues. An unknown e-mail and a wrong password take the same time and get the
 * same answer. Wrong tries are limited by address and by account. The limit by account counts the
 * browsers in which the colleague has signed in before by themselves, so that a stranger's tries do
 * not lock the colleague out of them, and it ends after five minutes.
 */
export function createPasswordSignIn(deps: ApiDeps) {
  const { colleagues, fees } = deps.ledger;
  const byAddress = createFailureLimit(deps.limits.failedLogins, MINUTE_MS);
  const byAccount = createFailureLimit(10, 5 * MINUTE_MS);
  const byCode = createFailureLimit(5, 5 * MINUTE_MS);

  const ticketOf = (credentials: Credentials, until: number) => {
    const facts = `${credentials.colleagueId}.${until}`;
    const mac = createHmac('sha256', deps.sessionSecret)
      .update(`code ${facts} ${credentials.password}`)
      .digest('base64url');
    return `${facts}.${mac}`;
  };

  async function holderOf(ticket: string): Promise<Credentials> {
    const [id = '', until = ''] = ticket.split('.');
    const isId = /^[0-9a-f-]{36}$/.test(id) && /^\d{1,16}$/.test(until);
    const credentials = isId ? await colleagues.credentialsOfId(id) : null;
    const now = (await fees.now()).getTime();
    const expected = credentials && Buffer.from(ticketOf(credentials, Number(until)));
    const given = Buffer.from(ticket);
    const isOurs = expected?.length === given.length && timingSafeEqual(expected, given);
    if (!credentials || !isOurs || Number(until) < now) throw problem('sign_in_expired');
    return credentials;
  }

  return {
    /** Checks e-mail and password. Throws `wrong_sign_in` or `rate_limited`. */
    async password(from: From, email: string, password: string): Promise<Passed> {
      const found = await colleagues.credentialsOf(email);
      const isKnown = found !== null && from.knownAs === found.colleagueId;
      const account = `${isKnown ? 'known' : 'any'} ${email.toLowerCase()}`;
      byAddress.count(from.ip);
      byAccount.count(account);
      if (!(await isPassword(found?.password ?? null, password)) || !found)
        throw problem('wrong_sign_in');
      byAddress.forget(from.ip);
      byAccount.forget(account);
      if (!found.totpKey) return { colleagueId: found.colleagueId };
      return { ticket: ticketOf(found, (await fees.now()).getTime() + TICKET_MS) };
    },

    /** Checks the code of the app, or a recovery code. Throws `wrong_code`, `sign_in_expired`. */
    async code(
      ticket: string,
      typed: string,
    ): Promise<{ colleagueId: string; recovered: boolean }> {
      const holder = await holderOf(ticket);
      const { colleagueId } = holder;
      byCode.count(colleagueId);
      const recovered = !/^[\d\s]+$/.test(typed);
      const isRight = recovered
        ? await colleagues.useRecoveryCode(colleagueId, bareRecoveryCode(typed))
        : await useCode(deps, holder, typed);
      if (!isRight) throw problem('wrong_code');
      byCode.forget(colleagueId);
      return { colleagueId, recovered };
    },
  };
}

/** Uses up a code of the app; false when it is wrong, or was used before. */
export async function useCode(
  deps: Pick<ApiDeps, 'ledger' | 'sessionSecret'>,
  { colleagueId, totpKey }: Pick<Credentials, 'colleagueId' | 'totpKey'>,
  typed: string,
): Promise<boolean> {
  const code = typed.replace(/\s/g, '');
  const now = await deps.ledger.fees.now();
  const step = totpKey && stepOfCode(totpKey, deps.sessionSecret, code, now);
  return step !== null && (await deps.ledger.colleagues.useStep(colleagueId, step));
}

/** A colleague as a caller. */
export function asCaller(colleague: {
  colleagueId: string;
  name: string;
  role: Role;
  authenticator: boolean;
}): Caller {
  const { colleagueId, name, role, authenticator } = colleague;
  return { id: colleagueId, name, scopes: SCOPES_OF[role], person: colleagueId, authenticator };
}

/** The scopes of each role. */
export const SCOPES_OF: Record<Role, Caller['scopes']> = {
  read: ['read'],
  operate: ['read', 'operate'],
  approve: ['read', 'operate', 'approve'],
};
