import type { Person } from '../expected.ts';
import { DAY_MS, HOUR_MS } from '../plan.ts';
import type { Scenario } from '../scenario.ts';
import { alsoAt, upload } from './roster.ts';

/**
 * The practice uploads its whole roster, on which somebody works in another EHR; often they are
 * back in the next one, hours or months later.
 */
export async function switchEhr(scenario: Scenario, person: Person): Promise<void> {
  const { timeline, random: lived } = scenario.environment;
  const random = lived.fork(`switch of ${person.plan.ref} ${timeline.now()}`);
  const vendor = random.pick(['therapynotes', 'therapynotes', 'simplepractice']);
  await uploadAll(scenario, person, vendor);
  if (random.chance(0.3)) return;
  await timeline.sleep(random.pick([HOUR_MS, 3 * DAY_MS, 20 * DAY_MS, 60 * DAY_MS]));
  await uploadAll(scenario, person, 'theranest');
}

/** Uploads everybody, wherever the practice has levy; this person with that EHR. */
async function uploadAll(scenario: Scenario, person: Person, vendor: string): Promise<void> {
  const at = async (one: Scenario, who: Person | undefined) => {
    const joined = one.expected.people.filter((each) => each.joined);
    await upload(one, joined, (each) => (each === who ? { vendor } : {}));
  };
  const theirs = scenario.others().map((other) => at(other, alsoAt(other, person)));
  await Promise.all([at(scenario, person), ...theirs]);
}
