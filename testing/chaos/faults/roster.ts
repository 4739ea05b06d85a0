import { setTimeout as sleep } from 'node:timers/promises';
import { rosterOf, type Player } from '../cast.ts';
import type { Answer } from '../operator.ts';
import type { Stage } from '../stage.ts';
import { note, putRoster, ROSTER } from '../year.ts';
import type { Fault } from './fault.ts';

/** Rosters that would have somebody pay for another. */
export const ROSTER_FAULTS: Fault[] = [
  {
    name: 'two people with one customer',
    weight: 2,
    strike: (stage) => alone(stage, () => shareCustomer(stage)),
  },
  {
    name: 'a shifted column',
    weight: 2,
    strike: (stage) => alone(stage, () => shiftCustomers(stage)),
  },
];

/** Not while somebody else is at the roster, or while the ledger is put back. */
async function alone({ history }: Stage, work: () => Promise<void>): Promise<void> {
  if (history.isBusy) return;
  history.isBusy = true;
  try {
    await work();
  } finally {
    history.isBusy = false;
  }
}

async function shareCustomer(stage: Stage): Promise<void> {
  const { operator, players, random, refOf } = stage;
  const player = random.pick(players);
  const other = random.pick(players.filter((one) => one !== player));
  const row = rosterOf([{ ...player, customer: other.customer, card: other.card }], refOf);
  const answer = await operator.ask('PUT', ROSTER, row);
  if (taken(answer) > 0) note(stage, `${player.ref} was given the customer of ${other.ref}`);
  if (answer) stage.tally('operator: a row with the customer of somebody else');
}

/**
 * The customers of a spreadsheet slip down by one row, with or without their cards. Nobody gets the
 * customer of another; the first, whose cell is empty now, may lose theirs until it is put right.
 */
async function shiftCustomers(stage: Stage): Promise<void> {
  const { operator, players, random, refOf, history, touched } = stage;
  const first = random.int(players.length);
  const rows = [...players.slice(first), ...players.slice(0, first)];
  const withCards = random.chance(0.5);
  const isRing = random.chance(0.3);
  const above = (at: number): Pick<Player, 'customer' | 'card'> =>
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
    note(stage, `a shifted roster was taken for ${taken(answer)} people`);
  stage.tally('operator: a roster with its customers moved by one row');
  await sleep(random.between(500, 3_000));
  await putRoster(stage);
}

/** Rows that were written. */
function taken(answer: Answer): number {
  if (answer?.status !== 200) return 0;
  return Number(answer.json['created']) + Number(answer.json['updated']);
}
