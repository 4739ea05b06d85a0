import type { HappeningKind } from '../happening-kinds.ts';
import type { Scene } from '../scene.ts';
import type { Person } from '../truth.ts';
import { approve, newRate, open, pause } from './assessment.ts';
import { shareCustomer, shiftColumn } from './column.ts';
import { installSecond, loseLedger, restoreDump } from './disaster.ts';
import { chargeElsewhere } from './elsewhere.ts';
import { accept, act, bounce, hold, withdraw } from './fee.ts';
import { change, newAddress } from './roster.ts';
import {
  atDashboard,
  deleteCustomer,
  detachCard,
  newCard,
  newCustomer,
  renewCard,
} from './stripe.ts';
import {
  databaseAway,
  flushQueue,
  forgeJobs,
  forgeWebhook,
  replayJobs,
  stripeAway,
  stripeBusy,
} from './trouble.ts';

type ToOne = (scene: Scene, person: Person) => Promise<void> | void;
type ToAll = (scene: Scene) => Promise<void> | void;

const COMMON = {
  approve: (scene) => approve(scene),
  open_again: open,
  annual_trigger: (scene) => scene.setting.queue.forge('annual', {}),
  check: (scene) => scene.setting.queue.forge('reconcile', {}),
  pause,
  new_rate: newRate,
  db_away: databaseAway,
  queue_flush: flushQueue,
  queue_stale: replayJobs,
  queue_forged: forgeJobs,
  stripe_away: stripeAway,
  stripe_busy: stripeBusy,
  second_installation: installSecond,
  shifted_column: shiftColumn,
} satisfies Partial<Record<HappeningKind, ToAll>>;

const PERSONAL = {
  waive: (scene, person) => act(scene, person, { act: 'waive', why: 'kindness' }),
  hold,
  retry: (scene, person) => act(scene, person, { act: 'retry' }),
  refund: (scene, person) => act(scene, person, { act: 'refund', why: 'a mistake' }),
  withdraw_evidence: withdraw,
  accept_evidence: accept,
  move_away: (scene, person) => change(scene, person, { vendor: away(scene) }),
  move_back: (scene, person) => change(scene, person, { vendor: 'theranest' }),
  change_email: (scene, person) => change(scene, person, { email: newAddress(scene, person) }),
  new_card: (scene, person) => void newCard(scene, person),
  renew_card: renewCard,
  detach_card: detachCard,
  delete_customer: deleteCustomer,
  pay_outside: (scene, person) => atDashboard(scene, person, 'pay'),
  cancel_outside: (scene, person) => atDashboard(scene, person, 'cancel'),
  refund_outside: (scene, person) => atDashboard(scene, person, 'refund'),
  dispute: (scene, person) => atDashboard(scene, person, 'dispute'),
  bounce,
  forged_webhook: forgeWebhook,
  ledger_lost: loseLedger,
  dump_restored: restoreDump,
  shared_customer: shareCustomer,
  charged_elsewhere: chargeElsewhere,
} satisfies Partial<Record<HappeningKind, ToOne>>;

/** Lets one thing befall the practice, or one person. */
export async function happen(
  scene: Scene,
  kind: HappeningKind,
  person: Person | null,
): Promise<void> {
  scene.setting.note(`happening: ${kind}${person ? ` to ${person.plan.ref}` : ''}`);
  if (kind in COMMON) await COMMON[kind as keyof typeof COMMON](scene);
  else if (person) await PERSONAL[kind as keyof typeof PERSONAL](scene, person);
  scene.kick(1_000);
}

/** After the letter that asks for a card, most people give one. */
export async function answerLetter(scene: Scene, person: Person): Promise<void> {
  scene.setting.note(`happening: ${person.plan.ref} answers the letter with a card`);
  if (!newCard(scene, person)) await newCustomer(scene, person);
  scene.kick(1_000);
}

function away({ setting }: Scene): string {
  return setting.random.pick(['therapynotes', 'therapynotes', 'simplepractice']);
}
