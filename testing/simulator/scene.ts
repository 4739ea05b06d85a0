import type { Ledger } from '../../ledger/ledger.ts';
import type { Crew } from './crew.ts';
import type { Office } from './office.ts';
import type { Setting } from './setting.ts';
import type { Weather } from './stripe/client.ts';
import type { outside } from './stripe/outside.ts';
import type { StripeWorld } from './stripe/world.ts';
import type { Person, Truth } from './truth.ts';

/** Everything that befalls the practice works on this. */
export interface Scene {
  setting: Setting;
  truth: Truth;
  office: Office;
  /** The ledger without faults and without time: to look, and to begin with. */
  plain: Ledger;
  stripe: StripeWorld;
  outside: ReturnType<typeof outside>;
  stripeWeather: Weather;
  /** The processes of levy. */
  crew: Crew;
  /** Other installations on the same Stripe account. */
  others(): Scene[];
  /** Whose each fee is, by the practice's reference, whichever ledger named it. */
  fees: Map<string, string>;
  /** Sets up a second installation; null where there is none in this seed. */
  second: (() => Scene) | null;
  /** Has the pump look soon. */
  kick(ms: number): void;
  /** Delivers an event to levy's webhook address. */
  hint(event: { type: string; feeId: string | null; customer: string | null }): void;
}

/** The person's fee in the assessment, when there is one. */
export async function feeOf(scene: Scene, person: Person): Promise<string | null> {
  const [assessmentId] = scene.truth.opened;
  if (!assessmentId || !person.clinicianId) return null;
  const { ref } = person.row;
  const [line] = await scene.plain.reports.fees({ assessmentId, ref, limit: 1 });
  return line?.feeId ?? null;
}

/** Writes down an answer of levy's, for the checker. */
export function acted(
  scene: Scene,
  act: string,
  feeId: string | null,
  answer: { askedAt: number } & ({ done: unknown } | { refused: string }),
): void {
  const outcome = 'done' in answer ? 'done' : answer.refused;
  const answeredAt = scene.setting.timeline.now();
  scene.truth.acts.push({ act, feeId, askedAt: answer.askedAt, answeredAt, outcome });
  scene.kick(500);
}
