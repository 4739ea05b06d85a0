import { guard, type Falsification } from './falsify.ts';

const FORECAST = [
  'alter table assessments disable trigger user',
  'update assessments set forecast = true',
];

const ASSESSED = { guards: [guard.trigger('entries_assessed')] };
const NOTICE = { guards: [guard.trigger('entries_notice')] };
const ATTEMPT = { guards: [guard.trigger('entries_attempt_allowed')] };
const CARD = { guards: [guard.trigger('entries_attempt_card')] };

const OWED: Falsification[] = [
  {
    what: 'owe for evidence that was made up',
    tries: (f) => [f.owe('unseen', '00000000-0000-4000-8000-00000000dead')],
    ...{ code: 'LV017', ...ASSESSED },
  },
  {
    what: 'owe for no evidence at all',
    tries: (f) => [f.owe('unseen', null)],
    ...{ code: 'LV017', ...ASSESSED },
  },
  {
    what: 'owe for another clinician’s evidence',
    tries: (f) => [f.owe('unused', f.evidence.paid)],
    ...{ code: 'LV017', ...ASSESSED },
  },
  {
    what: 'owe for evidence of another year',
    tries: (f) => [f.owe('lastYear', f.evidence.lastYear)],
    ...{ code: 'LV017', ...ASSESSED },
  },
  {
    what: 'owe for weak evidence that nobody accepted',
    tries: (f) => [f.owe('weak', f.evidence.weak)],
    ...{ code: 'LV017', ...ASSESSED },
  },
  {
    what: 'owe for evidence that a person refused',
    tries: (f) => [f.owe('dismissed', f.evidence.dismissed)],
    ...{ code: 'LV017', ...ASSESSED },
  },
  {
    what: 'owe another amount than the rate',
    tries: (f) => [f.owe('unseen', f.evidence.unseen, 9950)],
    ...{ code: 'LV004', ...ASSESSED },
  },
];

const NOTICED: Falsification[] = [
  {
    what: 'be written to without evidence',
    tries: (f) => [f.write('unused', 'approved', { rosterHash: 'x' }), f.notice('unused')],
    ...{ code: 'LV005', ...NOTICE },
  },
  {
    what: 'be written to without an approval',
    tries: (f) => [f.owe('unseen', f.evidence.unseen), f.notice('unseen')],
    ...{ code: 'LV005', ...NOTICE },
  },
  {
    what: 'be written to after the evidence was withdrawn',
    tries: (f) => [f.write('approved', 'withdrawn', { amountCents: 1950 }), f.notice('approved')],
    ...{ code: 'LV005', ...NOTICE },
  },
  {
    what: 'be told another amount than the rate',
    tries: (f) => [f.notice('approved', { amountCents: 2050 })],
    ...{ code: 'LV004', ...NOTICE },
  },
  {
    what: 'be told a forecast',
    given: FORECAST,
    tries: (f) => [f.notice('approved')],
    ...{ code: 'LV003', ...NOTICE },
  },
  {
    what: 'date a notice 2020 and charge in the same second',
    tries: (f) => [
      f.notice('approved', {}, { at: `'2020-01-01'` }),
      f.open('approved', 'pi_new'),
      f.attempt('approved', { intent: 'pi_new', customer: f.customerOf('approved') }),
    ],
    atOnce: true,
    ...{ code: 'LV016', ...NOTICE },
  },
  {
    what: 'date a notice some minutes back',
    tries: (f) => [f.notice('approved', {}, { at: `levy_now() - interval '301 s'` })],
    ...{ code: 'LV016', ...NOTICE },
  },
];

const TIMES: Falsification[] = [
  {
    what: 'charge without a notice',
    tries: (f) => [
      f.open('approved', 'pi_new'),
      f.attempt('approved', { intent: 'pi_new', customer: f.customerOf('approved') }),
    ],
    ...{ code: 'LV007', ...ATTEMPT },
  },
  {
    what: 'charge before the notice period is over',
    tries: (f) => [f.attempt('early')],
    ...{ code: 'LV011', ...ATTEMPT },
  },
  {
    what: 'charge early by a second notice that promises an earlier day',
    tries: (f) => [f.notice('early'), f.attempt('early')],
    ...{ code: 'LV011', ...ATTEMPT },
  },
  {
    what: 'charge early by a clock that is ahead',
    tries: (f) => [f.attempt('early', {}, { at: `'2026-12-31'` })],
    ...{ code: 'LV011', ...ATTEMPT },
  },
  {
    what: 'try a declined card again before its wait is over',
    tries: (f) => [f.attempt('waiting')],
    ...{ code: 'LV015', ...CARD },
  },
  {
    what: 'try it again early by a clock that is ahead',
    tries: (f) => [f.attempt('waiting', {}, { at: `'2026-12-31'` })],
    ...{ code: 'LV015', ...CARD },
  },
];

const STATES: Falsification[] = [
  {
    what: 'charge while another attempt is open',
    tries: (f) => [f.attempt('open')],
    ...{ code: 'LV012', ...ATTEMPT },
  },
  {
    what: 'charge while the assessment is paused',
    tries: (f) => [
      `update assessments set paused_at = levy_now(), paused_by = 'x', paused_why = 'x'`,
      f.attempt('due'),
    ],
    ...{ code: 'LV006', ...ATTEMPT },
  },
  {
    what: 'charge a fee that is held',
    tries: (f) => [f.attempt('held')],
    ...{ code: 'LV009', ...ATTEMPT },
  },
  ...((['paid', 'waived', 'waiveAsked', 'gaveUp'] as const).map((who) => ({
    what: `charge a fee that is settled: ${who}`,
    tries: (f) => [f.attempt(who)],
    ...{ code: 'LV020', ...ATTEMPT },
  })) satisfies Falsification[]),
  ...((['paid', 'waived', 'gaveUp'] as const).map((who) => ({
    what: `charge a fee that is settled, after a later notice: ${who}`,
    tries: (f) => [f.notice(who), f.attempt(who)],
    ...{ code: 'LV020', ...ATTEMPT },
  })) satisfies Falsification[]),
  {
    what: 'charge after the evidence was withdrawn',
    tries: (f) => [f.write('due', 'withdrawn', { amountCents: 1950 }), f.attempt('due')],
    ...{ code: 'LV020', ...ATTEMPT },
  },
  {
    what: 'charge by a notice that came back',
    tries: (f) => [f.attempt('bounced')],
    ...{ code: 'LV008', ...ATTEMPT },
  },
  {
    what: 'charge after the customer has changed',
    tries: (f) => [f.attempt('changed')],
    ...{ code: 'LV008', ...ATTEMPT },
  },
];

const WHOM: Falsification[] = [
  {
    what: 'charge on an intent that was never opened',
    tries: (f) => [f.attempt('due', { intent: 'pi_other' })],
    ...{ code: 'LV013', ...ATTEMPT },
  },
  {
    what: 'charge on an intent that is closed',
    tries: (f) => [
      f.write('due', 'intent_closed', { intent: f.said('due', 'intent_opened').intent, why: 'x' }),
      f.attempt('due'),
    ],
    ...{ code: 'LV013', ...ATTEMPT },
  },
  {
    what: 'charge on an intent of another fee',
    tries: (f) => [f.open('due', f.said('alsoDue', 'intent_opened').intent ?? '')],
    ...{ code: '23505', guards: [guard.index('entries_intent')] },
  },
  {
    what: 'charge another customer than the notice named',
    tries: (f) => [f.attempt('due', { customer: f.customerOf('alsoDue') })],
    ...{ code: 'LV018', ...ATTEMPT },
  },
  {
    what: 'charge nobody in particular',
    tries: (f) => [f.attempt('due', { customer: null })],
    ...{ code: 'LV018', ...ATTEMPT },
  },
  {
    what: 'charge another customer than the roster names now',
    tries: (f) => [
      `update clinicians set stripe_customer = 'cus_new' where clinician_id = '${f.clinician.due}'`,
      f.attempt('due'),
    ],
    ...{ code: 'LV018', ...ATTEMPT },
  },
  {
    what: 'charge a customer whom the roster names since the notice',
    tries: (f) => [
      `update clinicians set stripe_customer = 'cus_new' where clinician_id = '${f.clinician.due}'`,
      f.attempt('due', { customer: 'cus_new' }),
    ],
    ...{ code: 'LV018', ...ATTEMPT },
  },
  {
    what: 'charge a card that was refused for good',
    tries: (f) => [
      f.attempt('lostCard', { paymentMethod: f.said('lostCard', 'declined').paymentMethod }),
    ],
    ...{ code: 'LV019', ...CARD },
  },
  {
    what: 'charge another amount than the notice told',
    tries: (f) => [f.attempt('due', { amountCents: 2050 })],
    ...{ code: 'LV010', ...ATTEMPT },
  },
  {
    what: 'charge a forecast',
    given: FORECAST,
    tries: (f) => [f.attempt('due')],
    ...{ code: 'LV003', ...ATTEMPT },
  },
  {
    what: 'use the number of an attempt again',
    tries: (f) => [f.write('waiting', 'retry_asked', {}), f.attempt('waiting', { attempt: 1 })],
    ...{ code: '23505', guards: [guard.index('entries_attempt')] },
  },
];

/** Whoever owes nothing, was not told, or settled: nobody is written to or charged wrongly. */
export const FALSE_CHARGES = [...OWED, ...NOTICED, ...TIMES, ...STATES, ...WHOM];
