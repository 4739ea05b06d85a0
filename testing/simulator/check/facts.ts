import type { Entry, EntryData, EntryKind, FeeStatus } from '../../../core/fee/fee.ts';
import type { Scenario } from '../scenario.ts';
import type { Try } from '../account/books.ts';
import type { Received } from '../mailbox.ts';
import type { FeeRow } from './violation.ts';
import type { Person } from '../expected.ts';

/** A fee as it ended, beside what Stripe, the mail server and the people know of it. */
export interface FeeFacts {
  feeId: string;
  state: FeeStatus;
  intent: string | null;
  /** What the assessment charges, in cents, by every ledger that has opened it. */
  rates: Set<number>;
  entries: Entry[];
  /** Those, and what ledgers have had of it that were lost or replaced, and other installations. */
  ever: Entry[];
  person: Person;
  /** The times a bank was asked, by whichever installation and from outside. */
  tries: Try[];
  /** Those of this installation. */
  ownTries: Try[];
  /** Mails about this fee that the server took, of whichever installation. */
  mails: Received[];
  /** Those of this installation. */
  ownMails: Received[];
  /** The fees of other people, of whichever installation. */
  feesOfOthers: string[];
}

/** Everything about every fee of an installation. */
export async function collect(scenario: Scenario): Promise<FeeFacts[]> {
  const rows = await feesNow(scenario);
  const elsewhere = await Promise.all(scenario.others().map(feesNow));
  const eras = [scenario, ...scenario.others()].flatMap(({ expected }) => expected.eras);
  const ever = [...eras.flatMap(({ fees }) => fees), ...rows, ...elsewhere.flat()];
  return rows.flatMap((row) => factsOf(scenario, row, ever) ?? []);
}

function factsOf(scenario: Scenario, row: FeeRow, ever: FeeRow[]): FeeFacts | null {
  const { expected, environment, stripe } = scenario;
  const person = expected.people.find(({ plan }) => plan.ref === row.ref);
  if (!person) return null;
  const feeId = row.fee_id;
  const tries = stripe.books.tries.filter((one) => personOf(scenario, one) === row.ref);
  const mails = environment.mailbox.received.filter(({ messageId }) => messageId.includes(feeId));
  return {
    ...{ feeId, person, tries, mails },
    state: row.state,
    intent: row.intent,
    rates: new Set(ever.map(({ amount_cents: cents }) => cents)),
    entries: entriesIn([row]),
    ever: entriesIn(ever.filter((one) => one.fee_id === feeId)),
    ownTries: tries.filter(({ site }) => site === environment.site),
    ownMails: mails.filter(({ site }) => site === environment.site),
    feesOfOthers: ever.filter(({ ref }) => ref !== row.ref).map(({ fee_id: other }) => other),
  };
}

/** The fees as the ledger of an installation has them now. */
export async function feesNow({ environment }: Scenario): Promise<FeeRow[]> {
  const { rows } = await environment.database.query(FEES);
  return rows as FeeRow[];
}

/** Whom something at Stripe is about: by levy's fee, else by the customer's owner. */
export function personOf(
  { stripe, fees }: Pick<Scenario, 'stripe' | 'fees'>,
  { feeId, customer }: { feeId: string; customer: string },
): string | null {
  return fees.get(feeId) ?? stripe.books.owners.get(customer) ?? null;
}

/** What several ledgers have of one fee, in the order of time, and once. */
function entriesIn(rows: FeeRow[]): Entry[] {
  const found = new Map<string, Entry>();
  for (const { entries } of rows)
    for (const one of entries ?? [])
      found.set(`${one.seq} ${one.kind} ${one.at}`, { ...one, at: new Date(one.at) } as Entry);
  return [...found.values()].sort((a, b) => a.at.getTime() - b.at.getTime() || a.seq - b.seq);
}

/** The data and time of every entry of a kind in the ledger at hand. */
export function entriesOf<K extends EntryKind>({ entries }: FeeFacts, kind: K): Dated<K>[] {
  return ofKind(entries, kind);
}

/** The same of every ledger there ever was. */
export function everOf<K extends EntryKind>({ ever }: FeeFacts, kind: K): Dated<K>[] {
  return ofKind(ever, kind);
}

interface Dated<K extends EntryKind> {
  seq: number;
  at: number;
  data: EntryData[K];
}

function ofKind<K extends EntryKind>(entries: Entry[], kind: K): Dated<K>[] {
  return entries.flatMap((one) =>
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

const FEES = `
  select f.fee_id, c.ref, f.state, f.intent, a.amount_cents,
    (select jsonb_agg(jsonb_build_object('seq', e.seq, 'kind', e.kind, 'at', e.at,
      'actor', e.actor, 'data', e.data) order by e.seq) from entries e
      where e.fee_id = f.fee_id) as entries
  from fees f join assessments a using (assessment_id) join clinicians c using (clinician_id)
  order by c.ref, f.fee_id`;
