import type pg from 'pg';

/** The tables that refuse to be changed. */
const GUARDED = ['entries', 'evidence', 'assessments', 'fees'];

/**
 * Changes that nobody can make who goes through the ledger: made by the owner, on a test's own
 * database, with the ledger's triggers switched off. Each throws when it changed nothing.
 */
export function createTamper(owner: pg.Pool) {
  async function run(sql: string, values: unknown[] = []): Promise<void> {
    const triggers = (what: 'enable' | 'disable') =>
      GUARDED.map((table) => `alter table ${table} ${what} trigger user`).join(';');
    await owner.query(triggers('disable'));
    const { rowCount } = await owner.query(sql, values);
    await owner.query(triggers('enable'));
    if (rowCount === 0) throw new Error('nothing was changed');
  }

  return {
    /** Changes the data of a fee's entries of one kind. */
    rewrite: (fee: string, kind: string, data: object) =>
      run('update entries set data = data || $3 where fee_id = $1 and kind = $2', [
        fee,
        kind,
        data,
      ]),

    /** Turns a fee's entries of one kind into another. */
    turn: (fee: string, kind: string, into: string, data: object) =>
      run('update entries set kind = $3, data = $4 where fee_id = $1 and kind = $2', [
        fee,
        kind,
        into,
        data,
      ]),

    noticeJustBeforeAttempt: (fee: string) =>
      run(
        `update entries e set at = t.at - interval '1 ms' from entries t
         where t.fee_id = $1 and t.kind = 'attempted' and e.fee_id = $1 and e.kind = 'noticed'`,
        [fee],
      ),

    /** What was paid, in the data and in the movement of money alike. */
    pay: (fee: string, cents: number) =>
      run(
        `update entries set data = data || jsonb_build_object('amountCents', $2::integer),
           amount_cents = $2 where fee_id = $1 and kind = 'paid'`,
        [fee, cents],
      ),

    payInto: (fee: string, account: string) =>
      run("update entries set debit = $2 where fee_id = $1 and kind = 'paid'", [fee, account]),

    async halveThePayment(fee: string): Promise<void> {
      await owner.query('alter table entries drop constraint entries_check');
      await run("update entries set credit = null where fee_id = $1 and kind = 'paid'", [fee]);
    },

    renameIntent: (fee: string, intent: string) =>
      run(
        `with e as (update entries set data = data || jsonb_build_object('intent', $2::text)
           where fee_id = $1 and data ? 'intent')
         update fees set intent = $2 where fee_id = $1`,
        [fee, intent],
      ),

    /** A refund that Stripe has never heard of, with the index as it should be. */
    inventRefund: (fee: string) =>
      run(
        `with f as (update fees set seq = seq + 1, state = 'refunded', next_step = 'email',
           due_at = date_trunc('milliseconds', now()) where fee_id = $1 returning seq)
         insert into entries (fee_id, seq, kind, at, actor, debit, credit, amount_cents, data)
         select $1, seq, 'refunded', date_trunc('milliseconds', now()), 'x', 'refunds', 'stripe',
           1950, '{"refund": "re_none", "amountCents": 1950}' from f`,
        [fee],
      ),

    sendEmailTwice: (fee: string) =>
      run(
        `with f as (update fees set seq = seq + 1 where fee_id = $1 returning seq)
         insert into entries (fee_id, seq, kind, at, actor, data)
         select $1, f.seq, 'email_sent', now(), 'x', e.data from entries e, f
         where e.fee_id = $1 and e.kind = 'email_sent'`,
        [fee],
      ),

    /** Moves the last entry, an e-mail, one number up. */
    leaveGap: (fee: string) =>
      run(
        `with f as (update fees set seq = seq + 1 where fee_id = $1 returning seq)
         update entries e set seq = f.seq from f where e.fee_id = $1 and e.kind = 'email_sent'`,
        [fee],
      ),

    /** Changes the stored index of a fee; only the fields named. */
    index: (fee: string, to: { state?: string; step?: string | null; at?: string; seq?: number }) =>
      run(
        `update fees set state = coalesce($2, state), seq = seq + $3,
           next_step = case when $4 then $5 else next_step end,
           due_at = coalesce($6::timestamptz, due_at) where fee_id = $1`,
        [fee, to.state, to.seq ?? 0, to.step !== undefined, to.step, to.at],
      ),

    forgetEvidence: (fee: string) =>
      run(
        `delete from evidence where clinician_id =
           (select clinician_id from fees where fee_id = $1)`,
        [fee],
      ),

    /** Evidence that has been there for long. */
    oldEvidence: (ref: string) =>
      run(
        `insert into evidence (clinician_id, year, kind, first_used_on, file_name, line, rule,
           certainty, recorded_at)
         select clinician_id, 2026, 'billing', '2026-02-03', 'a.csv', 1, 'r', 'sure', '2026-01-01'
         from clinicians where ref = $1`,
        [ref],
      ),

    /** As if a clinician and every assessment had been there for long. */
    longAgo: (ref: string) =>
      run(
        `with a as (update assessments set enrolled_at = '2026-01-01')
         update clinicians set updated_at = '2026-01-01' where ref = $1`,
        [ref],
      ),

    liveEvent: (fee: string) =>
      run(
        `insert into webhook_events (event_id, type, object_id, fee_id, livemode, created_at)
         values ('evt_live', 'charge.succeeded', 'ch_live', $1, true, now())`,
        [fee],
      ),

    /** Live, though its days are a rehearsal's. */
    async livemode(live: boolean): Promise<void> {
      await owner.query('alter table assessments drop constraint if exists assessments_check');
      await run('update assessments set livemode = $1', [live]);
    },

    attemptsMax: (attempts: number) =>
      run("update assessments set policy = policy || jsonb_build_object('attemptsMax', $1::int)", [
        attempts,
      ]),
  };
}
