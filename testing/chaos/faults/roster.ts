import { setTimeout as sleep } from 'node:timers/promises';
import { rosterOf, type Person } from '../population.ts';
import type { Answer } from '../operator.ts';
import type { Harness } from '../harness.ts';
import { note, putRoster, ROSTER } from '../year.ts';
import type { Fault } from './fault.ts';

/** Rosters that would have somebody pay for another. */
export const ROSTER_FAULTS: Fault[] = [
  {
    name: 'two people with one customer',
    weight: 2,
    strike: (harness) => alone(harness, () => shareCustomer(harness)),
  },
  {
    name: 'a shifted column',
    weight: 2,
    strike: (harness) => alone(harness, () => shiftCustomers(harness)),
  },
];

/** Not while somebody else is at the roster, or while the ledger is put back. */
async function alone({ history }: Harness, work: () => Promise<void>): Promise<void> {
  if (history.isBusy) return;
  history.isBusy = true;
  try {
    await work();
  } finally {
    history.isBusy = false;
  }
}

async function shareCustomer(harness: Harness): Promise<void> {
  const { operator, people, random, refOf } = harness;
  const person = random.pick(people);
  const other = random.pick(people.filter((one) => one !== person));
  const row = rosterOf([{ ...person, customer: other.customer, card: other.card }], refOf);
  const answer = await operator.ask('PUT', ROSTER, row);
  if (taken(answer) > 0) note(harness, `${person.ref} was given the customer of ${other.ref}`);
  if (answer) harness.counter('operator: a row with the customer of somebody else');
}

/**
 * The customers of a spreadsheet slip down by one row, with or without their cards. Nobody gets the
 * customer of another; the first, whose cell is empty now, may lose theirs until it is put right.
 */
async function shiftCustomers(harness: Harness): Promise<void> {
  const { operator, people, random, refOf, history, touched } = harness;
  const first = random.int(people.length);
  const rows = [...people.slice(first), ...people.slice(0, first)];
  const withCards = random.chance(0.5);
  const isRing = random.chance(0.3);
  const above = (at: number): Pick<Person, 'customer' | 'card'> =>
    rows[at - 1] ?? (isRing ? rows.at(-1) : undefined) ?? { customer: '', card: null };
  const shifted = rows.map((row, at) => {
    const { customer, card } = above(at);
    const vendor = history.moved.has(row.ref) ? ('therapynotes' as const) : row.vendor;
    return { ...row, vendor, customer, card: withCards ? card : row.card };
  });
  const loser = rows[0]?.ref ?? '';
  if (!isRing && withCards) {
    touched.add(loser);
    history.parted.set(loser, (history.parted.get(loser) ?? 0) + 1);
  }
  const path = random.chance(0.5) ? ROSTER : '/v1/clinicians?check=stripe';
  const answer = await operator.ask('PUT', path, rosterOf(shifted, refOf));
  if (taken(answer) > (isRing || !withCards ? 0 : 1))
    note(harness, `a shifted roster was taken for ${taken(answer)} people`);
  harness.counter('operator: a roster with its customers moved by one row');
  await sleep(random.between(500, 3_000));
  await putRoster(harness);
}

/** Rows that were written. */
function taken(answer: Answer): number {
  if (answer?.status !== 200) return 0;
  return Number(answer.json['created']) + Number(answer.json['updated']);
}
