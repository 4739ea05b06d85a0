/**
 * Everything the sandbox knows, in memory, by table. Handlers change objects in place and `put`
 * them; `commit` then writes the request's changes to the journal as one line.
 */
import { openJournal } from '../../journal.ts';
import type { Change, Journal } from '../../journal.ts';
import type {
  BalanceTransaction,
  CardRecord,
  Charge,
  CheckoutSession,
  CustomerRecord,
  Dispute,
  EventRecord,
  PaymentIntent,
  PaymentMethod,
  Payout,
  Refund,
  SavedAnswer,
  Setting,
  SetupIntent,
  Task,
} from '../resources/objects.ts';

/** One kind of record, in the order of creation, with look-up by some of its fields. */
export interface Table<T extends { id: string }> {
  readonly name: string;
  get(id: string): T | undefined;
  /** Adds or replaces a record; changes made in place need a `put` too, to reach the journal. */
  put(record: T): T;
  remove(id: string): void;
  /** Ids in order of creation: all of them, or those whose indexed field once had that value. */
  ids(field?: string, value?: string): readonly string[];
  size(): number;
  values(): IterableIterator<T>;
}

/** The sandbox's tables. */
export type Store = ReturnType<typeof createStore>;

/** Opens the store; with a journal file, restores what it holds first. */
export function createStore(journalFile?: string) {
  const changes: Change[] = [];
  const changed = (change: Change) => void (journalFile && changes.push(change));
  const tables = createTables(changed);
  const byName = new Map<string, Table<{ id: string }>>();
  for (const table of Object.values(tables)) byName.set(table.name, table);

  let journal: Journal | undefined;
  if (journalFile) {
    journal = openJournal(
      journalFile,
      ([name, id, value]) => {
        if (value) byName.get(name)?.put(value as { id: string });
        else byName.get(name)?.remove(id);
      },
      () => snapshot(byName),
    );
    changes.length = 0;
  }

  return {
    ...tables,
    /** Makes the changes since the last commit durable. Without a journal it does nothing. */
    commit(): void {
      if (!journal || changes.length === 0) return;
      journal.append(changes);
      changes.length = 0;
    },
    close(): void {
      journal?.close();
      journal = undefined;
    },
  };
}

type Changed = (change: Change) => void;

function createTables(changed: Changed) {
  return {
    customers: createTable<CustomerRecord>('customers', [], changed),
    paymentMethods: createTable<PaymentMethod>('payment_methods', ['customer'], changed),
    paymentIntents: createTable<PaymentIntent>('payment_intents', ['customer'], changed),
    charges: createTable<Charge>('charges', ['customer', 'payment_intent'], changed),
    refunds: createTable<Refund>('refunds', ['charge', 'payment_intent'], changed),
    balance: createTable<BalanceTransaction>('balance_transactions', ['source'], changed),
    payouts: createTable<Payout>('payouts', [], changed),
    disputes: createTable<Dispute>('disputes', ['charge', 'payment_intent'], changed),
    setupIntents: createTable<SetupIntent>('setup_intents', ['customer'], changed),
    sessions: createTable<CheckoutSession>('checkout_sessions', ['customer'], changed),
    events: createTable<EventRecord>('events', [], changed),
    cards: createTable<CardRecord>('cards', [], changed),
    answers: createTable<SavedAnswer>('answers', [], changed),
    tasks: createTable<Task>('tasks', ['target'], changed),
    settings: createTable<Setting>('settings', [], changed),
  };
}

function createTable<T extends { id: string }>(
  name: string,
  indexed: string[],
  changed: Changed,
): Table<T> {
  const records = new Map<string, T>();
  const order: string[] = [];
  const indexes = new Map(indexed.map((field) => [field, new Map<string, Set<string>>()]));
  let removed = 0;

  function index(record: T): void {
    for (const [field, byValue] of indexes) {
      const value = (record as Record<string, unknown>)[field];
      if (typeof value !== 'string') continue;
      const ids = byValue.get(value);
      if (ids) ids.add(record.id);
      else byValue.set(value, new Set([record.id]));
    }
  }

  function unindex(record: T): void {
    for (const [field, byValue] of indexes) {
      const value = (record as Record<string, unknown>)[field];
      if (typeof value !== 'string') continue;
      const ids = byValue.get(value);
      ids?.delete(record.id);
      if (ids?.size === 0) byValue.delete(value);
    }
  }

  return {
    name,
    get: (id) => records.get(id),
    put(record) {
      if (!records.has(record.id)) order.push(record.id);
      records.set(record.id, record);
      index(record);
      changed([name, record.id, record]);
      return record;
    },
    remove(id) {
      const record = records.get(id);
      if (!record) return;
      records.delete(id);
      unindex(record);
      changed([name, id, null]);
      removed += 1;
      // Removal leaves its id in the order until half of the order is such gaps.
      if (removed * 2 < order.length) return;
      order.splice(0, order.length, ...records.keys());
      removed = 0;
    },
    ids(field, value) {
      if (field === undefined) return order;
      return [...(indexes.get(field)?.get(value ?? '') ?? [])];
    },
    size: () => records.size,
    values: () => records.values(),
  };
}

function snapshot(tables: Map<string, Table<{ id: string }>>): Change[] {
  const state: Change[] = [];
  for (const table of tables.values()) {
    for (const record of table.values()) state.push([table.name, record.id, record]);
  }
  return state;
}
