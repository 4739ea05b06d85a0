import type { Person } from '../population.ts';
import type { Harness } from '../harness.ts';
import type { Seen } from './books.ts';

/** A notice as it came to somebody's mailbox; each copy of a mail is one. */
interface Notice {
  messageId: string;
  at: number;
}

const SUBJECT = /^Your 20\d\d CPT license fee: \$/;

export function noticesOf({ services }: Harness, { email }: Person): Notice[] {
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
export function notices(harness: Harness, seen: Seen): string[] {
  const { people, history } = harness;
  const looks = new Map<string, { who: string; at: number }[]>();
  for (const { who, about, at } of history.looks) {
    const customer = seen.customerOf.get(about) ?? about;
    looks.set(customer, [...(looks.get(customer) ?? []), { who, at }]);
  }
  return people.flatMap((person) => {
    const known = seen.noticed.filter(({ customer }) => customer === person.customer);
    const late = noticesOf(harness, person).filter((mail) => {
      const handing = handingOf(harness, mail);
      if (!handing) return true;
      const look = looks
        .get(person.customer)
        ?.findLast(({ who, at }) => who === handing.who && at <= handing.at);
      return !look || known.some(({ at }) => at <= look.at);
    });
    const acts = history.acts.filter(({ ref, action }) => ref === person.ref && ALLOW.has(action));
    const allowed = acts.length + (history.parted.get(person.ref) ?? 0);
    if (late.length <= allowed) return [];
    const which = late.map(({ messageId, at }) => `${messageId} at ${iso(at)}`);
    const since = known.map(({ at }) => iso(at));
    return [
      `${person.ref} was announced the fee again, known since ${since.join(' and ') || 'never'}: ` +
        which.join(', '),
    ];
  });
}

const ALLOW: ReadonlySet<string> = new Set(['bounce', 'release']);
const iso = (at: number) => new Date(at).toISOString();

/** Which program handed the mail over, and when. */
function handingOf({ history }: Harness, { messageId, at }: Notice) {
  return history.handings.findLast((one) => one.messageId === messageId && one.at <= at + 50);
}

/** Nobody without use was written to, and no mail went astray. */
export function mails({ services, people }: Harness): string[] {
  const owners = new Map(people.map((person) => [person.email, person]));
  return services.mailbox.messages().flatMap(({ to, subject }) => {
    const person = owners.get(to[0] ?? '');
    if (!person) return [`a mail went to ${to.join()}, whom nobody knows`];
    return person.uses ? [] : [`${person.ref} used nothing and was sent "${subject}"`];
  });
}
