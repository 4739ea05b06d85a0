import { DAY_MS, HOUR_MS } from '../plan.ts';
import type { Scenario } from '../scenario.ts';
import type { Person } from '../expected.ts';
import { alsoAt, upload } from './roster.ts';

/** Uploads until no row is refused any more: most refusals end when other rows are right. */
const UPLOADS = 10;

/**
 * A column of the spreadsheet slips by a row: everybody below it, or everybody, is uploaded with
 * somebody else's customer. It is found out and mended before a notice period is over, because the
 * notice names a card that is not theirs.
 */
export async function shiftColumn(scenario: Scenario): Promise<void> {
  const { timeline, random, plan, note } = scenario.environment;
  const people = scenario.expected.people.filter(
    ({ joined, clinicianId }) => joined && clinicianId,
  );
  if (people.length < 2) return;
  const rows = random.chance(0.5) ? people : people.slice(random.int(people.length - 1));
  const wrong = moved(
    rows.map((person) => ownCustomer(scenario, person)),
    random.pick(['down', 'up', 'round']),
  );
  note(`the customers of ${rows.map(({ plan: { ref } }) => ref).join(', ')} slip by a row`);
  await everywhere(scenario, rows, (person) => wrong[rows.indexOf(person)] ?? null);
  const days = random.pick([0, 1, plan.policy.noticeDays - 5]);
  await timeline.sleep(HOUR_MS + Math.max(0, days) * DAY_MS);
  const own = (person: Person) => ownCustomer(scenario, person);
  for (let n = 0; n < UPLOADS; n += 1) {
    const refused = await everywhere(scenario, rows, own);
    if (refused === 0) return;
    // The advice of a refused row: first empty the field of those who have somebody else's.
    if (refused)
      await everywhere(scenario, rows, (person, now) => (now === own(person) ? now : null));
    await timeline.sleep(random.between(1, 120) * 60_000);
  }
}

/** Somebody is uploaded with the customer of somebody else, who has it still. */
export async function shareCustomer(scenario: Scenario, person: Person): Promise<void> {
  const others = scenario.expected.people.filter((one) => one !== person && one.clinicianId);
  if (others.length === 0 || !person.clinicianId) return;
  const other = scenario.environment.random.pick(others);
  await everywhere(scenario, [person], () => other.row.stripeCustomer);
}

/**
 * Uploads these rows to every installation. Gives how many were refused; null: not known.
 * @param customer  the customer to upload for a person whose row has the customer `now` there
 */
async function everywhere(
  scenario: Scenario,
  rows: Person[],
  customer: (person: Person, now: string | null) => string | null,
): Promise<number | null> {
  const fields = (twin: Person) => {
    const person = rows.find((one) => one.plan === twin.plan) ?? twin;
    return { stripeCustomer: customer(person, twin.row.stripeCustomer) };
  };
  const theirs = scenario.others().map((other) =>
    upload(
      other,
      rows.flatMap((person) => alsoAt(other, person) ?? []),
      fields,
    ),
  );
  const ours = upload(scenario, rows, fields);
  const refused = await Promise.all([ours, ...theirs]);
  return refused.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0);
}

function moved(column: (string | null)[], how: 'down' | 'up' | 'round'): (string | null)[] {
  if (how === 'down') return [null, ...column.slice(0, -1)];
  if (how === 'up') return [...column.slice(1), null];
  return [column.at(-1) ?? null, ...column.slice(0, -1)];
}

/** The customer the practice has in its own books for a person; also one that was deleted. */
function ownCustomer({ stripe }: Scenario, { plan }: Person): string | null {
  return stripe.books.customerOf(plan.ref)?.id ?? null;
}
