import type { Ledger } from '../../../ledger/ledger.ts';
import type { Mutation } from './mutation.ts';

type BulkActs = Ledger['bulkActs'];

/** The ledger with some of its dealings with acts on many fees replaced. */
const bulkActs = (replaced: (real: BulkActs) => Partial<BulkActs>) => ({
  ledger: (ledger: Ledger): Ledger => ({
    ...ledger,
    bulkActs: { ...ledger.bulkActs, ...replaced(ledger.bulkActs) },
  }),
});

/** Whoever begins an act begins it for every fee there is by then. */
const MEMBERS_AT_THE_BEGINNING = `
  drop trigger bulk_act_members_fixed on bulk_act_members;
  drop trigger bulk_acts_kept on bulk_acts;
  create function add_members() returns trigger language plpgsql as $$
  declare
    more integer;
  begin
    insert into bulk_act_members (bulk_id, position, fee_id)
      select new.bulk_id, new.members + row_number() over (order by fee_id), fee_id
      from fees f where not exists (select from bulk_act_members m
        where m.bulk_id = new.bulk_id and m.fee_id = f.fee_id);
    get diagnostics more = row_count;
    new.members := new.members + more;
    return new;
  end $$;
  create trigger add_members before update on bulk_acts
    for each row when (old.state = 'previewed' and new.state = 'running')
    execute function add_members()`;

/** Bugs of whoever acts on many fees at once. */
export const BULK_MUTATIONS: Mutation[] = [
  {
    name: 'late_member',
    story: 'an act on many fees is also done to fees that were not in its preview',
    sql: MEMBERS_AT_THE_BEGINNING,
  },
  {
    name: 'act_twice',
    story: 'what became of the members is written after their entries: a kill lies in between',
    splitBefore: /^\s*update bulk_act_members/,
  },
  {
    name: 'no_brake',
    story: 'an act goes on, however many cards of a wave were declined',
    ...bulkActs((real) => ({ wave: async (act) => ({ ...(await real.wave(act)), paid: 1 }) })),
  },
  {
    name: 'all_at_once',
    story: 'the first wave of an act is all of its fees',
    ...bulkActs((real) => ({
      beginWave: (bulkId, from) => real.beginWave(bulkId, from, 1_000_000),
    })),
  },
  {
    name: 'ignored_abort',
    story: 'that an act is aborted is answered, and it goes on',
    ...bulkActs(() => ({ abort: () => Promise.resolve(true) })),
  },
  {
    name: 'begun_again',
    story: 'an act that was begun is begun once more, and so says the audit',
    ...bulkActs((real) => ({
      start: async (...args) => {
        await real.start(...args);
        return true;
      },
    })),
  },
  {
    name: 'skipped_member',
    story: 'an act counts as finished before its last fee',
    sql: `create function skip_last() returns trigger language plpgsql as $$
      begin
        update bulk_act_members set result = 'under_way', decided_at = levy_now()
          where bulk_id = new.bulk_id and position = new.members and result is null;
        return new;
      end $$;
      create trigger skip_last after update on bulk_acts
        for each row when (old.wave_to < old.members and new.wave_to = new.members)
        execute function skip_last()`,
  },
];
