import { guard, type Falsification } from './falsify.ts';

const RECEIVED: [string, string, number] = ['stripe', 'receivable', 1950];

const MONEY: Falsification[] = [
  {
    what: 'book a second payment of a fee',
    tries: (f) => [f.pay('paid', 'ch_forged', RECEIVED)],
    ...{ code: '23505', owner: '23505', guards: [guard.index('entries_paid')] },
  },
  {
    what: 'book one charge for two fees',
    tries: (f) => [f.pay('due', f.said('paid', 'paid').charge ?? '', RECEIVED)],
    ...{ code: '23505', owner: '23505', guards: [guard.index('entries_charge')] },
  },
  {
    what: 'book one refund twice',
    tries: (f) => [f.refund('paid', 're_forged'), f.refund('paid', 're_forged')],
    ...{ code: '23505', owner: '23505', guards: [guard.index('entries_refund')] },
  },
  ...(
    [
      ['from an account that does not exist', ['stripe', 'tips', 5], 'entries_credit_check'],
      ['to an account that does not exist', ['tips', 'stripe', 5], 'entries_debit_check'],
      ['half', ['stripe', null, 5], 'entries_check'],
      ['without cents', ['stripe', 'receivable', null], 'entries_check'],
      ['without accounts', [null, null, 5], 'entries_check'],
      ['less than nothing', ['stripe', 'receivable', -5], 'entries_amount_cents_check'],
      ['nothing', ['stripe', 'receivable', 0], 'entries_amount_cents_check'],
      ['to the account it comes from', ['stripe', 'stripe', 5], 'entries_check1'],
    ] as const
  ).map(([how, movement, constraint]): Falsification => {
    return {
      what: `move money ${how}`,
      tries: (f) => [f.write('due', 'usage_checked', {}, { movement: [...movement] })],
      ...{ code: '23514', owner: '23514', guards: [guard.constraint(constraint)] },
    };
  }),
];

/** Changing what stands, where neither a right nor a trigger lets it happen. */
function change(
  what: string,
  tries: Falsification['tries'],
  [right, table]: [right: string, table: string],
  guards: string[],
): Falsification {
  const all = [guard.right(right, table), ...guards];
  return { what, tries, code: '42501', owner: 'LV001', guards: all };
}

const ENTRIES: Falsification[] = [
  change(
    'change an entry',
    () => ["update entries set actor = 'forger'"],
    ['update', 'entries'],
    [guard.trigger('entries_append_only')],
  ),
  change(
    'delete an entry',
    () => ['delete from entries'],
    ['delete', 'entries'],
    [guard.trigger('entries_append_only')],
  ),
  change(
    'empty the entries',
    () => ['truncate entries'],
    ['truncate', 'entries'],
    [guard.trigger('entries_no_truncate')],
  ),
  {
    what: 'leave a gap in the numbers',
    tries: (f) => [f.write('due', 'usage_checked', { found: false }, { step: 2 })],
    ...{ code: 'LV002', owner: 'LV002', guards: [guard.trigger('entries_numbered')] },
  },
  {
    what: 'use a number twice',
    tries: (f) => [f.write('due', 'usage_checked', { found: false }, { step: 0 })],
    ...{ code: 'LV002', owner: 'LV002' },
    guards: [guard.trigger('entries_numbered'), guard.constraint('entries_pkey')],
  },
  {
    what: 'write an entry of an unknown kind',
    tries: (f) => [f.write('due', 'forgiven', {})],
    ...{ code: '23514', owner: '23514', guards: [guard.constraint('entries_kind_check')] },
  },
  {
    what: 'write an entry of a fee that does not exist',
    tries: (f) => [f.write('due', 'usage_checked', {}).replaceAll(f.fee.due, f.assessmentId)],
    ...{ code: '23503', owner: '23503', guards: [guard.constraint('entries_fee_id_fkey')] },
  },
  {
    what: 'say when an entry was written',
    tries: (f) => [f.write('due', 'usage_checked', {}, { recordedAt: `'2020-01-01'` })],
    code: '42501',
    guards: [guard.right('insert', 'entries'), guard.trigger('entries_numbered')],
  },
];

const AUDIT: Falsification[] = [
  change(
    'change the audit',
    () => ["update audit set actor = 'x'"],
    ['update', 'audit'],
    [guard.trigger('audit_append_only', 'audit')],
  ),
  change(
    'delete from the audit',
    () => ['delete from audit'],
    ['delete', 'audit'],
    [guard.trigger('audit_append_only', 'audit')],
  ),
  change(
    'empty the audit',
    () => ['truncate audit'],
    ['truncate', 'audit'],
    [guard.trigger('audit_no_truncate', 'audit')],
  ),
  {
    what: 'date what a person did',
    tries: () => [
      `insert into audit (at, actor, action, object) values ('2020-01-01', 'x', 'waive', 'x')`,
    ],
    ...{ code: '42501', guards: [guard.right('insert', 'audit')] },
  },
];

/** What stands in the audit: a line to change or delete, as a trigger for each row needs one. */
const AUDITED = `insert into audit (actor, action, object) values ('key', 'waive', 'fee')`;
for (const one of AUDIT.slice(0, 2)) one.given = [AUDITED];

const EVIDENCE: Falsification[] = [
  ...(
    [
      ['day', `first_used_on = '2026-01-01'`],
      ['year', 'year = 2025'],
      ['certainty', `certainty = 'weak'`],
      ['kind of record', `kind = 'vendor_invoice'`],
      ['line', 'line = 99'],
      ['time of recording', `recorded_at = '2020-01-01'`],
    ] as const
  ).map(([what, set]) =>
    change(
      `change the ${what} of evidence`,
      (f) => [`update evidence set ${set} where evidence_id = '${f.evidence.due}'`],
      ['update', 'evidence'],
      [guard.trigger('evidence_frozen', 'evidence')],
    ),
  ),
  change(
    'give evidence to another clinician',
    (f) => [
      `update evidence set clinician_id = '${f.clinician.unused}'
       where evidence_id = '${f.evidence.due}'`,
    ],
    ['update', 'evidence'],
    [guard.trigger('evidence_frozen', 'evidence')],
  ),
  change(
    'delete evidence',
    () => ['delete from evidence'],
    ['delete', 'evidence'],
    [guard.trigger('evidence_no_delete', 'evidence')],
  ),
  change(
    'empty the evidence',
    () => ['truncate evidence'],
    ['truncate', 'evidence'],
    [guard.trigger('evidence_no_truncate', 'evidence')],
  ),
  {
    what: 'choose the id of evidence',
    tries: (f) => [
      `insert into evidence (evidence_id, clinician_id, year, kind, first_used_on, file_name, line,
         rule, certainty)
       values (gen_random_uuid(), '${f.clinician.unused}', 2026, 'billing', '2026-02-03', 'x', 1,
         'x', 'sure')`,
    ],
    ...{ code: '42501', guards: [guard.right('insert', 'evidence')] },
  },
];

/** What is on record: money, entries, who did what, and evidence. */
export const FALSE_RECORDS = [...MONEY, ...ENTRIES, ...AUDIT, ...EVIDENCE];
