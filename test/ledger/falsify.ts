import pg from 'pg';
import type { EntryData, EntryKind } from '../../core/fee/fee.ts';
import type { EveryState, Who } from '../support/every-state.ts';

/** Something that a writer who means harm, or a program gone wrong, could try to have on record. */
export interface Falsification {
  /** In plain words: completes "nobody can ...". */
  what: string;
  /** Brought about by a superuser before: what the program itself cannot reach. */
  given?: string[];
  /** Statements of the application's role, one after the other; the last one is refused. */
  tries: (forge: Forge) => string[];
  /** Of these, the first one is refused already; the others are what it was for. */
  atOnce?: true;
  /** SQLSTATE of the refusal. */
  code: string;
  /** The owner of the ledger is refused, too: with this SQLSTATE. */
  owner?: string;
  /** What stands in the way, taken away by a superuser: then it goes through. */
  guards: string[];
}

/** The database's own clock. */
export const NOW = 'levy_now()';

/** A trigger, constraint, index or missing right as the guard that it is. */
export const guard = {
  trigger: (name: string, table = 'entries') => `drop trigger ${name} on ${table}`,
  constraint: (name: string, table = 'entries') => `alter table ${table} drop constraint ${name}`,
  index: (name: string) => `drop index ${name}`,
  right: (right: string, table: string) => `grant ${right} on ${table} to levy_app`,
  owner: (thing: string) => `alter ${thing} owner to levy_app`,
};

/** Writes false entries about the real fees of a stage. */
export type Forge = Awaited<ReturnType<typeof createForge>>;

interface Written {
  at?: string;
  /** Counted from the last entry of the fee. */
  step?: number;
  movement?: [debit: string | null, credit: string | null, cents: number | null];
  recordedAt?: string;
}

export async function createForge({ load, fee, clinician, evidence, assessmentId }: EveryState) {
  const cases = new Map<string, Awaited<ReturnType<typeof load>>>();
  for (const who of Object.keys(fee) as Who[]) cases.set(who, await load(who));

  /** What the latest entry of a kind says; empty where there is none. */
  function said<K extends EntryKind>(who: Who, kind: K): Partial<EntryData[K]> {
    const entries = cases.get(who)?.entries ?? [];
    return entries.findLast((one) => one.kind === kind)?.data ?? {};
  }

  function write(who: Who, kind: string, data: object, more: Written = {}): string {
    const { at = NOW, step = 1, movement = [null, null, null], recordedAt } = more;
    const [debit, credit, cents] = movement;
    const values = [literal(kind), at, `'forger'`, `${literal(JSON.stringify(data))}::jsonb`];
    const money = [literal(debit), literal(credit), String(cents)];
    const last = `(select coalesce(max(seq), 0) from public.entries where fee_id = '${fee[who]}')`;
    return `insert into public.entries (fee_id, seq, kind, at, actor, data, debit, credit,
        amount_cents${recordedAt ? ', recorded_at' : ''})
      values ('${fee[who]}', ${last} + ${step}, ${[...values, ...money].join(', ')}
        ${recordedAt ? `, ${recordedAt}` : ''})`;
  }

  /** An attempt with nothing wrong in it but the fee's state and what is changed. */
  function attempt(who: Who, changes: object = {}, more: Written = {}): string {
    const number = cases.get(who)?.entries.filter(({ kind }) => kind === 'attempted').length ?? 0;
    const data = {
      ...{ attempt: number + 1, amountCents: 1950, paymentMethod: 'pm_forged' },
      ...{ intent: said(who, 'intent_opened').intent, customer: said(who, 'noticed').customer },
      ...{ fingerprint: null, chargeBefore: null, ...changes },
    };
    return write(who, 'attempted', data, more);
  }

  function notice(who: Who, changes: object = {}, more: Written = {}): string {
    const customer = cases.get(who)?.clinician.stripeCustomer;
    const data = {
      ...{ amountCents: 1950, chargeFrom: '2026-01-01T15:00:00.000Z', messageId: '<forged>' },
      ...{ customer, card: { brand: 'visa', last4: '4242' }, ...changes },
    };
    return write(who, 'noticed', data, more);
  }

  /** That somebody owes the fee, for this piece of evidence. */
  function owe(who: Who, evidenceId: string | null, amountCents = 1950): string {
    const found = { kind: 'billing', firstUsedOn: '2026-02-03', evidenceId };
    const data = { amountCents, ...(evidenceId && { evidence: found }) };
    const movement: Written['movement'] = ['receivable', 'passed_on', amountCents];
    return write(who, 'assessed', data, { movement });
  }

  return {
    ...{ fee, clinician, evidence, assessmentId, said, write, attempt, notice, owe },
    customerOf: (who: Who) => cases.get(who)?.clinician.stripeCustomer ?? '',
    open: (who: Who, intent: string) =>
      write(who, 'intent_opened', { intent, customer: '', notice: 1 }),
    pay: (who: Who, charge: string, movement: Written['movement']) =>
      write(who, 'paid', { amountCents: 1950, intent: 'pi', charge, attempt: 1 }, { movement }),
    refund: (who: Who, refund: string) =>
      write(
        who,
        'refunded',
        { refund, amountCents: 950 },
        { movement: ['refunds', 'stripe', 950] },
      ),
  };
}

const literal = (text: string | null) => (text === null ? 'null' : pg.escapeLiteral(text));

/** What became of statements in a transaction that is undone: the refusal, and of which one. */
export async function outcome(
  client: pg.ClientBase,
  before: string[],
  tries: string[],
): Promise<{ code: string; statement: number; message: string } | 'goes through'> {
  await client.query('begin');
  try {
    for (const statement of before) await client.query(statement);
    for (const [statement, text] of tries.entries()) {
      try {
        await client.query(text);
      } catch (error) {
        const { code = 'none', message } = error as { code?: string; message: string };
        return { code, statement, message };
      }
    }
    return 'goes through';
  } finally {
    await client.query('rollback');
  }
}
