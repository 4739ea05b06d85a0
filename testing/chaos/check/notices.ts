import type { Player } from '../cast.ts';
import type { Stage } from '../stage.ts';
import type { Seen } from './books.ts';

/** A notice as it came to somebody's mailbox; each copy of a mail is one. */
interface Notice {
  messageId: string;
  at: number;
}

const SUBJECT = /^Your 20\d\d CPT license fee: \$/;

export function noticesOf({ services }: Stage, { email }: Player): Notice[] {
  return services.mailbox
    .messages()
    .filter(({ to, subject }) => to.includes(email) && SUBJECT.test(subject))
    .map(({ messageId, receivedAt }) => {
      return { messageId: messageId ?? '', at: Date.parse(receivedAt) };
    });
}

/**
 * Nobody is written to a second time by whoever could have known of the first: whose last look at
 * Stripe, before the mail was handed over, came after an intent was there that tells of a notice. A
 * notice that came back, a person's release, and a customer that was gone from the roster allow
 * another one each.
 */
export function notices(stage: Stage, seen: Seen): string[] {
  const { players, history } = stage;
  const looks = new Map<string, { who: string; at: number }[]>();
  for (const { who, about, at } of history.looks) {
    const customer = seen.customerOf.get(about) ?? about;
    looks.set(customer, [...(looks.get(customer) ?? []), { who, at }]);
  }
  return players.flatMap((player) => {
    const known = seen.noticed.filter(({ customer }) => customer === player.customer);
    const late = noticesOf(stage, player).filter((mail) => {
      const handing = handingOf(stage, mail);
      if (!handing) return true;
      const look = looks
        .get(player.customer)
        ?.findLast(({ who, at }) => who === handing.who && at <= handing.at);
      return !look || known.some(({ at }) => at <= look.at);
    });
    const acts = history.acts.filter(({ ref, action }) => ref === player.ref && ALLOW.has(action));
    const allowed = acts.length + (history.parted.get(player.ref) ?? 0);
    if (late.length <= allowed) return [];
    const which = late.map(({ messageId, at }) => `${messageId} at ${iso(at)}`);
    const since = known.map(({ at }) => iso(at));
    return [
      `${player.ref} was announced the fee again, known since ${since.join(' and ') || 'never'}: ` +
        which.join(', '),
    ];
  });
}

const ALLOW: ReadonlySet<string> = new Set(['bounce', 'release']);
const iso = (at: number) => new Date(at).toISOString();

/** Which program handed the mail over, and when. */
function handingOf({ history }: Stage, { messageId, at }: Notice) {
  return history.handings.findLast((one) => one.messageId === messageId && one.at <= at + 50);
}

/** Nobody without use was written to, and no mail went astray. */
export function mails({ services, players }: Stage): string[] {
  const owners = new Map(players.map((player) => [player.email, player]));
  return services.mailbox.messages().flatMap(({ to, subject }) => {
    const player = owners.get(to[0] ?? '');
    if (!player) return [`a mail went to ${to.join()}, whom nobody knows`];
    return player.uses ? [] : [`${player.ref} used nothing and was sent "${subject}"`];
  });
}
