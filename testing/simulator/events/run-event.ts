import type { EventKind } from '../event-kinds.ts';
import type { Scenario } from '../scenario.ts';
import type { Person } from '../expected.ts';
import { actOnMany } from './bulk-act.ts';
import { approve, newRate, open, pause } from './assessment.ts';
import { shareCustomer, shiftColumn } from './column.ts';
import { installSecond, loseLedger, restoreDump } from './disaster.ts';
import { chargeElsewhere } from './elsewhere.ts';
import { accept, act, bounce, hold, withdraw } from './fee.ts';
import { receiveInvoice } from './invoice.ts';
import { change, newAddress } from './roster.ts';
import {
  atDashboard,
  deleteCustomer,
  detachCard,
  newCard,
  newCustomer,
  renewCard,
} from './stripe.ts';
import { switchEhr } from './switch-ehr.ts';
import {
  databaseAway,
  flushQueue,
  forgeJobs,
  forgeWebhook,
  replayJobs,
  stripeAway,
  stripeBusy,
} from './outages.ts';

type ToOne = (scenario: Scenario, person: Person) => Promise<void> | void;
type ToAll = (scenario: Scenario) => Promise<void> | void;

const COMMON = {
  approve: (scenario) => approve(scenario),
  open_again: open,
  annual_trigger: (scenario) => scenario.environment.queue.forge('annual', {}),
  check: (scenario) => scenario.environment.queue.forge('reconcile', {}),
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
  bulk_act: actOnMany,
  invoice: receiveInvoice,
} satisfies Partial<Record<EventKind, ToAll>>;

const PERSONAL = {
  waive: (scenario, person) => act(scenario, person, { act: 'waive', why: 'kindness' }),
  hold,
  retry: (scenario, person) => act(scenario, person, { act: 'retry' }),
  refund: (scenario, person) => act(scenario, person, { act: 'refund', why: 'a mistake' }),
  withdraw_evidence: withdraw,
  accept_evidence: accept,
  move_away: (scenario, person) => change(scenario, person, { vendor: away(scenario) }),
  move_back: (scenario, person) => change(scenario, person, { vendor: 'theranest' }),
  change_email: (scenario, person) =>
    change(scenario, person, { email: newAddress(scenario, person) }),
  new_card: (scenario, person) => void newCard(scenario, person),
  renew_card: renewCard,
  detach_card: detachCard,
  delete_customer: deleteCustomer,
  pay_outside: (scenario, person) => atDashboard(scenario, person, 'pay'),
  cancel_outside: (scenario, person) => atDashboard(scenario, person, 'cancel'),
  refund_outside: (scenario, person) => atDashboard(scenario, person, 'refund'),
  dispute: (scenario, person) => atDashboard(scenario, person, 'dispute'),
  bounce,
  forged_webhook: forgeWebhook,
  ledger_lost: loseLedger,
  dump_restored: restoreDump,
  shared_customer: shareCustomer,
  charged_elsewhere: chargeElsewhere,
  switch_ehr: switchEhr,
} satisfies Partial<Record<EventKind, ToOne>>;

/** Runs one scheduled event, of the practice or of one person. */
export async function runEvent(
  scenario: Scenario,
  kind: EventKind,
  person: Person | null,
): Promise<void> {
  scenario.environment.note(`event: ${kind}${person ? ` to ${person.plan.ref}` : ''}`);
  if (kind in COMMON) await COMMON[kind as keyof typeof COMMON](scenario);
  else if (person) await PERSONAL[kind as keyof typeof PERSONAL](scenario, person);
  scenario.kick(1_000);
}

/** After the letter that asks for a card, most people give one. */
export async function answerLetter(scenario: Scenario, person: Person): Promise<void> {
  scenario.environment.note(`event: ${person.plan.ref} answers the letter with a card`);
  if (!newCard(scenario, person)) await newCustomer(scenario, person);
  scenario.kick(1_000);
}

function away({ environment }: Scenario): string {
  return environment.random.pick(['therapynotes', 'therapynotes', 'simplepractice']);
}
