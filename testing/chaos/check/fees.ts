import type { Player } from '../cast.ts';
import type { Stage } from '../stage.ts';

/** How a fee stands in a ledger, and how it came to that. */
interface FeeNow {
  ref: string;
  state: string;
  kinds: string[] | null;
  held: string | null;
}

/** The fees of one ledger. */
export interface Fees {
  of(player: Player): FeeNow | undefined;
  /** For whoever has to find out what happened. */
  tell(player: Player): string;
}

export async function readFees({ pool, refOf, which, touched }: Stage): Promise<Fees> {
  const { rows } = await pool.query<FeeNow>(
    `select c.ref, f.state,
       (select e.data ->> 'why' from entries e where e.fee_id = f.fee_id and e.kind = 'held'
         order by e.seq desc limit 1) as held,
       (select array_agg(e.kind order by e.seq) from entries e where e.fee_id = f.fee_id) as kinds
     from fees f join clinicians c using (clinician_id)`,
  );
  const byRef = new Map(rows.map((fee) => [fee.ref, fee]));
  const of = ({ ref }: Player) => byRef.get(refOf(ref));
  return {
    of,
    tell(player) {
      const { state, kinds, held } = of(player) ?? { state: 'nothing', kinds: [], held: null };
      const who = `${player.ref} (${player.email}, ${player.wish}, ${player.customer})`;
      const acted = touched.has(player.ref) ? ', touched' : '';
      const why = held ? ` (${held})` : '';
      return `${who}${acted} ended as ${state}${why} in the ${which} ledger: ${kinds?.join(' ')}`;
    },
  };
}
