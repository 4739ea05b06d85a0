import type { Harness } from '../harness.ts';
import { readBooks } from './books.ts';
import { booked, charges, refusedCards } from './charges.ts';
import { readFees, type Fees } from './fees.ts';
import { mails, notices } from './notices.ts';

/**
 * A count of our own, from what the sandbox's Stripe and mailbox have seen and from who is who,
 * that shares no line with the program under test.
 */
export async function counted(harness: Harness, second: Harness | null): Promise<string[]> {
  const seen = await readBooks(harness);
  const found = [
    ...charges(harness, seen),
    ...refusedCards(harness, seen),
    ...notices(harness, seen),
    ...mails(harness),
  ];
  for (const one of second ? [harness, second] : [harness]) {
    const fees = await readFees(one);
    found.push(
      ...booked(one, seen, { fees, isAlone: second === null }),
      ...endings(one, fees),
      ...(await acts(one)),
      ...(await findings(one, second ? ['orphan_objects', 'card_limits'] : ['orphan_objects'])),
    );
  }
  return found;
}

/** Nobody is forgotten, and whoever has nothing difficult about them has paid. */
function endings({ people, touched, which }: Harness, fees: Fees): string[] {
  return people.flatMap((person) => {
    const fee = fees.of(person);
    if (!fee) return [`${person.ref} has no fee in the ${which} ledger`];
    const owes = person.uses && person.vendor === 'theranest';
    if (owes && ['no_use', 'detecting', 'ready'].includes(fee.state)) return [fees.tell(person)];
    if (touched.has(person.ref)) return [];
    if (!owes) return ['no_use', 'exempt'].includes(fee.state) ? [] : [fees.tell(person)];
    // The same test card is the same card: many soft declines use up what its network allows.
    const isSpent = fee.state === 'held' && /declines in \d+ days/.test(fee.held ?? '');
    return person.plain && fee.state !== 'paid' && !isSpent ? [fees.tell(person)] : [];
  });
}

/** Every act that was answered has left its line, with who. */
async function acts({ pool, operator, which }: Harness): Promise<string[]> {
  const { rows } = await pool.query<{ act: string; lines: number }>(
    `select action || ' ' || object as act, count(*)::integer as lines from audit
     where actor = 'office' group by 1`,
  );
  const lines = new Map(rows.map(({ act, lines }) => [act, lines]));
  return [...operator.answered]
    .filter(([act, answers]) => (lines.get(act) ?? 0) < answers)
    .map(
      ([act, answers]) =>
        `"${act}" was answered ${answers} times, audited ${lines.get(act)} in the ${which} ledger`,
    );
}

/** What production's own checks have found, in the middle of it all or later, but for `excused`. */
async function findings({ pool, which }: Harness, excused: string[]): Promise<string[]> {
  const { rows } = await pool.query<{ what: string }>(
    `select check_name || ': ' || coalesce(fee_id::text, '') || ' ' || detail as what
     from findings where check_name <> all ($1)`,
    [excused],
  );
  return rows.map(({ what }) => `found by the check in a worker of the ${which} ledger: ${what}`);
}
