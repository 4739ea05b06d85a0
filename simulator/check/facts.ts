import type { Entry, EntryData, Kind, State } from '../../core/fee.ts';
import type { Scene } from '../scene.ts';
import type { Try } from '../stripe/books.ts';
import type { Received } from '../mailbox.ts';
import type { Person } from '../truth.ts';

/** A fee as it ended, beside what Stripe, the mail server and the people know of it. */
export interface FeeFacts {
  feeId: string;
  state: State;
  intent: string | null;
  /** What the assessment charges, in cents. */
  rateCents: number;
  entries: Entry[];
  person: Person;
  /** The times a bank was asked, by levy and from outside. */
  tries: Try[];
  /** Mails about this fee that the server took. */
  mails: Received[];
}

/** Something that must not be. */
export interface Violation {
  /** The number in the list of invariants, or the name of the production's own check. */
  invariant: string;
  feeId: string | null;
  what: string;
}

/** Everything about every fee of the seed. */
export async function collect(scene: Scene): Promise<FeeFacts[]> {
  const { truth, setting, stripe } = scene;
  const { rows } = await setting.database.query(FEES);
  return rows.flatMap((row: FeeRow) => {
    const person = truth.people.find(({ plan }) => plan.ref === row.ref);
    if (!person) return [];
    return [
      {
        feeId: row.fee_id,
        state: row.state,
        intent: row.intent,
        rateCents: row.amount_cents,
        entries: (row.entries ?? []).map((one) => ({ ...one, at: new Date(one.at) }) as Entry),
        person,
        tries: stripe.books.tries.filter(({ feeId }) => feeId === row.fee_id),
        mails: setting.mailbox.received.filter(({ messageId }) => messageId.includes(row.fee_id)),
      },
    ];
  });
}

/** The data and time of every entry of a kind. */
export function entriesOf<K extends Kind>(
  fee: FeeFacts,
  kind: K,
): { seq: number; at: number; data: EntryData[K] }[] {
  return fee.entries.flatMap((one) =>
    one.kind === kind
      ? [{ seq: one.seq, at: one.at.getTime(), data: one.data as EntryData[K] }]
      : [],
  );
}

/** Lists by what they have in common, in the order of their first. */
export function grouped<T>(all: readonly T[], key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return groups;
}

interface FeeRow {
  fee_id: string;
  ref: string;
  state: State;
  intent: string | null;
  amount_cents: number;
  entries: (Omit<Entry, 'at'> & { at: string })[] | null;
}

const FEES = `
  select f.fee_id, c.ref, f.state, f.intent, a.amount_cents,
    (select jsonb_agg(jsonb_build_object('seq', e.seq, 'kind', e.kind, 'at', e.at,
      'actor', e.actor, 'data', e.data) order by e.seq) from entries e
      where e.fee_id = f.fee_id) as entries
  from fees f join assessments a using (assessment_id) join clinicians c using (clinician_id)
  order by c.ref, f.fee_id`;
