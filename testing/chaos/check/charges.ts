import type { CardName, Player } from '../cast.ts';
import { FEE_CENTS, type Stage } from '../stage.ts';
import type { Seen } from './books.ts';
import type { Fees } from './fees.ts';
import { noticesOf } from './notices.ts';

/**
 * Of every person at most one charge that was not given back, over all ledgers; each of the right
 * amount, with evidence, and a notice to that person long enough before.
 */
export function charges(stage: Stage, seen: Seen): string[] {
  const found: string[] = [];
  const byCustomer = new Map(stage.players.map((player) => [player.customer, player]));
  const kept = new Map<string, string[]>();
  for (const one of seen.charges.filter(({ succeeded }) => succeeded)) {
    const player = byCustomer.get(one.customer);
    if (!player) {
      found.push(`charge ${one.charge} is of ${one.customer}, whom nobody knows`);
      continue;
    }
    if (one.refunded < one.amount)
      kept.set(player.ref, [...(kept.get(player.ref) ?? []), one.charge]);
    if (one.amount !== FEE_CENTS) found.push(`charge ${one.charge} took ${one.amount} cents`);
    found.push(...unproven(stage, player, one), ...unannounced(stage, player, one));
  }
  for (const [ref, many] of kept)
    if (many.length > 1) found.push(`${ref} was charged ${many.length} times: ${many.join(', ')}`);
  return found;
}

type Charge = Seen['charges'][number];

function unproven({ history }: Stage, player: Player, { charge, at }: Charge): string[] {
  if (!player.uses) return [`${player.ref} used nothing and was charged: ${charge}`];
  const handedIn = history.handedIn.get(player.wave) ?? Infinity;
  return handedIn < at + 1_000
    ? []
    : [`${player.ref} was charged before there was evidence: ${charge}`];
}

function unannounced(stage: Stage, player: Player, { charge, at }: Charge): string[] {
  const { dayMs, noticeDays } = stage.policy;
  const latest = at + 1_000 - dayMs * noticeDays;
  if (noticesOf(stage, player).some((mail) => mail.at < latest)) return [];
  return [`charge ${charge} of ${player.ref} did not come a notice period after their notice`];
}

/** Cards that their banks refuse for good at the first try. */
const REFUSED: ReadonlySet<CardName> = new Set([
  'pm_card_chargeDeclinedLostCard',
  'pm_card_chargeDeclinedExpiredCard',
  'pm_card_levy_doNotTryAgain',
]);

/** No card is tried again, by any ledger, once its bank has refused it for good. */
export function refusedCards({ players, history }: Stage, seen: Seen): string[] {
  return players
    .filter(({ card, wish }) => card && REFUSED.has(wish))
    .flatMap(({ ref, card }) => {
      const [first, ...more] = seen.charges.filter((one) => one.card === card);
      const renewals = history.renewed.get(card ?? '') ?? [];
      const again = more.filter(
        ({ at }) => !renewals.some((moment) => moment >= (first?.at ?? 0) && moment < at + 1_000),
      );
      return again.map(({ charge }) => `the card of ${ref} was tried again: ${charge}`);
    });
}

/** A ledger knows of the money that was taken from those it has to do with. */
export function booked(
  { players, history, touched }: Stage,
  seen: Seen,
  { fees, isAlone }: { fees: Fees; isAlone: boolean },
): string[] {
  return players.flatMap((player) => {
    const { ref, customer } = player;
    // Nothing is owed by those who have moved. Of the waivers and holds of one ledger the other
    // hears nothing, and may take what this one has no fee for any more.
    if (history.moved.has(ref) || (!isAlone && touched.has(ref))) return [];
    const taken = seen.charges.filter((one) => one.succeeded && one.customer === customer).length;
    const here = fees.of(player)?.kinds?.filter((kind) => kind === 'paid').length ?? 0;
    return taken === here ? [] : [`Stripe took money ${taken} times: ${fees.tell(player)}`];
  });
}
