import type { Person } from '../population.ts';
import type { Harness } from '../harness.ts';

/** How a fee stands in a ledger, and how it came to that. */
interface FeeNow {
  ref: string;
  state: string;
  kinds: string[] | null;
  held: string | null;
}

/** The fees of one ledger. */
export interface Fees {
  of(person: Person): FeeNow | undefined;
  /** For whoever has to find out what happened. */
  tell(person: Person): string;
}

export async function readFees({ pool, refOf, which, touched }: Harness): Promise<Fees> {
  const { rows } = await pool.query<FeeNow>(
    `select c.ref, f.state,
       (select e.data ->> 'why' from entries e where e.fee_id = f.fee_id and e.kind = 'held'
         order by e.seq desc limit 1) as held,
       (select array_agg(e.kind order by e.seq) from entries e where e.fee_id = f.fee_id) as kinds
     from fees f join clinicians c using (clinician_id)`,
  );
  const byRef = new Map(rows.map((fee) => [fee.ref, fee]));
  const of = ({ ref }: Person) => byRef.get(refOf(ref));
  return {
    of,
    tell(person) {
      const { state, kinds, held } = of(person) ?? { state: 'nothing', kinds: [], held: null };
      const who = `${person.ref} (${person.email}, ${person.input}, ${person.customer})`;
      const acted = touched.has(person.ref) ? ', touched' : '';
      const why = held ? ` (${held})` : '';
      return `${who}${acted} ended as ${state}${why} in the ${which} ledger: ${kinds?.join(' ')}`;
    },
  };
}
