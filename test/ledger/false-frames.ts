import { guard, type Falsification } from './falsify.ts';

/** Changes that neither a right nor a trigger lets happen; the owner is refused by the trigger. */
function frozen(
  what: string,
  set: string,
  table: 'assessments' | 'fees',
  trigger: string,
): Falsification {
  return {
    what,
    tries: () => [`update ${table} set ${set}`],
    ...{ code: '42501', owner: 'LV001' },
    guards: [guard.right('update', table), guard.trigger(trigger, table)],
  };
}

const changed = (what: string, set: string) =>
  frozen(`change the ${what} of an open assessment`, set, 'assessments', 'assessments_frozen');

const assessment = (vendor: string, year: number, changes: Record<string, string> = {}) => {
  const columns = {
    ...{ vendor: `'${vendor}'`, year: String(year), policy: `'{"dayMs": 86400000}'::jsonb` },
    ...{ royalty_cents: '1850', processing_cents: '100', forecast: 'false', rate_source: `'x'` },
    ...{ auto_approve: 'true', livemode: 'false', opened_by: `'forger'`, ...changes },
  };
  return `insert into assessments (${Object.keys(columns).join(', ')})
    values (${Object.values(columns).join(', ')})`;
};

/** A confirmed rate of another vendor, as an operator would have entered it. */
const RATE = `insert into rates (vendor, year, royalty_cents, processing_cents, status, source,
    entered_by) values ('simplepractice', 2026, 1850, 100, 'confirmed', 'x', 'x')`;
const AT_RATE = { guards: [guard.trigger('assessments_at_rate', 'assessments')] };

const ASSESSMENTS: Falsification[] = [
  changed('royalty', 'royalty_cents = 9900'),
  changed('processing fee', 'processing_cents = 9900'),
  changed('policy', `policy = policy || '{"noticeDays": 0}'`),
  changed('rate’s status', 'forecast = not forecast'),
  changed('year', 'year = 2025'),
  changed('vendor', `vendor = 'simplepractice'`),
  changed('mode', 'livemode = not livemode'),
  changed('approval', 'auto_approve = not auto_approve'),
  changed('opener', `opened_by = 'somebody else'`),
  changed('time of opening', `opened_at = '2020-01-01'`),
  {
    what: 'open an assessment at a rate that was made up',
    tries: () => [RATE, assessment('simplepractice', 2026, { royalty_cents: '9900' })],
    ...{ code: 'LV004', owner: 'LV004', ...AT_RATE },
  },
  {
    what: 'open an assessment at a forecast and call it confirmed',
    tries: () => [RATE.replace('confirmed', 'forecast'), assessment('simplepractice', 2026)],
    ...{ code: 'LV003', owner: 'LV003', ...AT_RATE },
  },
  {
    what: 'open an assessment for real money with days shorter than days',
    tries: () => [
      RATE,
      assessment('simplepractice', 2026, {
        livemode: 'true',
        policy: `'{"dayMs": 100, "noticeDays": 14}'::jsonb`,
      }),
    ],
    ...{ code: '23514', owner: '23514' },
    guards: [guard.constraint('assessments_check', 'assessments')],
  },
  {
    what: 'open a second assessment of a vendor’s year',
    tries: () => [assessment('theranest', 2026)],
    ...{ code: '23505', owner: '23505' },
    guards: [guard.constraint('assessments_vendor_year_key', 'assessments')],
  },
  {
    what: 'delete an assessment',
    tries: () => ['delete from assessments'],
    ...{ code: '42501', owner: 'LV001' },
    guards: [
      guard.right('delete', 'assessments'),
      guard.trigger('assessments_no_delete', 'assessments'),
      guard.constraint('fees_assessment_id_fkey', 'fees'),
    ],
  },
  {
    what: 'empty the assessments',
    tries: () => ['truncate assessments'],
    code: '42501',
    guards: [
      guard.right('truncate', 'assessments'),
      guard.trigger('assessments_no_truncate', 'assessments'),
      guard.constraint('fees_assessment_id_fkey', 'fees'),
      guard.constraint('findings_assessment_id_fkey', 'findings'),
      guard.constraint('roster_approvals_assessment_id_fkey', 'roster_approvals'),
      guard.constraint('roster_views_assessment_id_fkey', 'roster_views'),
    ],
  },
];

const FEES: Falsification[] = [
  frozen(
    'move a fee to another clinician',
    `clinician_id = (select clinician_id from clinicians where ref = 'newcomer') where seq = 0
       and clinician_id = (select clinician_id from clinicians where ref = 'unseen')`,
    'fees',
    'fees_kept',
  ),
  frozen('rename a fee', `fee_id = gen_random_uuid() where seq = 0`, 'fees', 'fees_kept'),
  {
    what: 'choose the id of a fee',
    given: [
      `insert into clinicians (ref, name, vendor, time_zone) values ('newcomer', 'N', 'theranest',
         'UTC')`,
    ],
    tries: (f) => [
      `insert into fees (fee_id, assessment_id, clinician_id)
       select gen_random_uuid(), '${f.assessmentId}', clinician_id
       from clinicians where ref = 'newcomer'`,
    ],
    code: '42501',
    guards: [guard.right('insert', 'fees'), guard.trigger('fees_named', 'fees')],
  },
  {
    what: 'give a clinician a second fee of the year',
    tries: (f) => [
      `insert into fees (assessment_id, clinician_id)
       values ('${f.assessmentId}', '${f.clinician.due}')`,
    ],
    ...{ code: '23505', owner: '23505' },
    guards: [
      'alter table fees drop constraint fees_pkey cascade',
      guard.constraint('fees_assessment_id_clinician_id_key', 'fees'),
    ],
  },
  {
    what: 'note another fee’s intent for a fee',
    tries: (f) => [
      `update fees set intent = '${f.said('alsoDue', 'intent_opened').intent}'
       where fee_id = '${f.fee.due}'`,
    ],
    ...{ code: '23505', owner: '23505', guards: [guard.constraint('fees_intent_key', 'fees')] },
  },
  {
    what: 'delete a fee',
    tries: (f) => [`delete from fees where fee_id = '${f.fee.unseen}'`],
    ...{ code: '42501', owner: 'LV001' },
    guards: [guard.right('delete', 'fees'), guard.trigger('fees_no_delete', 'fees')],
  },
  {
    what: 'empty the fees, with all that hangs on them',
    tries: () => ['truncate fees cascade'],
    ...{ code: '42501', owner: 'LV001' },
    guards: [
      guard.right('truncate', 'fees, entries, findings, card_pages'),
      guard.trigger('fees_no_truncate', 'fees'),
      guard.trigger('entries_no_truncate'),
    ],
  },
];
// Somebody without a fee, to whom one could be moved.
FEES[0]!.given = FEES[2]!.given as string[];

const PEOPLE: Falsification[] = [
  {
    what: 'give two clinicians one customer at Stripe',
    tries: (f) => [
      `update clinicians set stripe_customer = '${f.customerOf('alsoDue')}'
       where clinician_id = '${f.clinician.due}'`,
    ],
    ...{ code: '23505', owner: '23505', guards: [guard.index('clinicians_customer')] },
  },
  {
    what: 'enter a clinician twice by writing the reference otherwise',
    tries: () => [
      `insert into clinicians (ref, name, vendor, time_zone)
       values ('DUE', 'D', 'theranest', 'UTC')`,
    ],
    ...{ code: '23505', owner: '23505', guards: [guard.index('clinicians_ref')] },
  },
  {
    what: 'change the reference that a fee’s id follows from',
    tries: () => [`update clinicians set ref = 'other' where ref = 'due'`],
    ...{ code: '42501', guards: [guard.right('update', 'clinicians')] },
  },
  {
    what: 'give a key more rights',
    tries: () => [`update access_keys set scopes = '{approve}'`],
    ...{ code: '42501', guards: [guard.right('update', 'access_keys')] },
  },
  {
    what: 'unsee what a check has found',
    tries: () => ['delete from findings'],
    ...{ code: '42501', guards: [guard.right('delete', 'findings')] },
  },
  {
    what: 'forget what Stripe has told',
    tries: () => ['delete from webhook_events'],
    ...{ code: '42501', guards: [guard.right('delete', 'webhook_events')] },
  },
  {
    what: 'say that the schema is another',
    tries: () => [`insert into migrations (number, name) values (2, 'x')`],
    ...{ code: '42501', guards: [guard.right('insert', 'migrations')] },
  },
];

/** What the entries stand on: assessments, fees, people and the rest of what is kept. */
export const FALSE_FRAMES = [...ASSESSMENTS, ...FEES, ...PEOPLE];
