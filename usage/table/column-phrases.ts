/**
 * What a column of an export is for, from its heading. Vendors disagree on words, not on ideas:
 * each role is a short list of phrases, the best match wins.
 */
export type Role =
  | 'code'
  | 'service'
  | 'modifier'
  | 'npi'
  | 'clinician'
  | 'clinicianFirst'
  | 'clinicianLast'
  | 'clinicianId'
  | 'date'
  | 'status'
  | 'gone'
  | 'codeSet'
  | 'note'
  | 'diagnosis'
  | 'client'
  | 'claim'
  | 'price'
  | 'label'
  | 'other';

/** How vendors shorten the words of their headings. */
export const SPELLINGS: Readonly<Record<string, string>> = {
  appointment: 'appt apt appts',
  code: 'cd',
  date: 'dt',
  description: 'desc descr',
  diagnosis: 'diag',
  name: 'nm',
  procedure: 'proc px prcdr',
  provider: 'prov prvdr',
  rendering: 'rend rndrng',
  service: 'svc srvc serv srv',
  session: 'sess',
  treatment: 'tx trtmt',
};

/**
 * Headings that decide alone, best first: within a role the number before a line is its rank.
 * Lower case, without punctuation, several to a line.
 */
export const PHRASES: Partial<Record<Role, Record<number, string>>> = {
  code: {
    9:
      'cpt, cpts, cpt code, cpt codes, cpt4, cpt 4, cpt hcpcs, hcpcs cpt, ' +
      'procedure code, procedure codes, proc code, proc cd, px code, 24d, box 24d',
    8:
      'service code, service codes, svc code, svc cd, billing code, billing codes, ' +
      'bill code, billed code, charge code, e m code, em code',
    7: 'hcpcs, procedure, procedures, proc, px, visit code, session code, e m',
    5: 'code, codes',
  },
  service: {
    7: 'service type',
    6:
      'service, services, service name, service description, service item, ' +
      'service rendered, services rendered, service provided, type of service, ' +
      'appointment type, appt type, session type',
    5:
      'details, detail, visit type, encounter type, line item, procedure description, ' +
      'cpt description, charge description, billing description, product service, ' +
      'procedure service, service procedure, code description',
    4: 'event type, description, item, activity',
    3: 'product',
  },
  modifier: {
    5: 'mod, mods, modifier, modifiers, cpt modifier, cpt modifiers, procedure modifier',
  },
  date: {
    9:
      'date of service, dates of service, dos, service date, date of session, dos from, ' +
      'from dos, d o s',
    8:
      'session date, date of visit, visit date, encounter date, appointment date, ' +
      'appt date, date of appointment, service from, service from date, ' +
      'service start date, procedure date',
    7: 'event date, service start, service day',
    6: 'from date, date from, date, date time, treatment date',
    5: 'start date, session start, session start time, begin date',
    4: 'start, appointment, appointment time, note date, begin',
    3: 'start time, transaction date, purchase date, from',
  },
  status: {
    8:
      'appointment status, appt status, session status, visit status, attendance status, ' +
      'show status',
    7: 'attendance, event status, encounter status',
    6: 'status, record status',
    4: 'outcome, note status, progress note status',
    3: 'type, transaction type, entry type',
    0: 'state, claim type',
  },
  gone: {
    5:
      'cancelled, canceled, is cancelled, is canceled, deleted, is deleted, deleted at, ' +
      'no show, noshow, cancelled at, canceled at, cancellation date, cancelled on, ' +
      'canceled on, deleted on, cancellation reason, date cancelled, date canceled, ' +
      'date deleted',
  },
  clinician: {
    8: 'rendered by, performed by, provided by, delivered by, treated by, seen by',
    5: 'service provider, svc provider, care provider',
    4: 'staff member, team member',
    3: 'author, note author',
    2: 'signed by',
  },
  clinicianId: {
    9: 'rendering provider id, rendering id',
    8: 'clinician id, clinician user id',
    7: 'provider id, therapist id, practitioner id, counselor id',
    6: 'staff id',
    5: 'employee id, provider code, clinician code, provider number',
    4: 'user id',
  },
  codeSet: {
    5:
      'code system, coding system, code type, code set, code qualifier, vocabulary, ' +
      'vocabulary id, ' +
      'system, code source, procedure code system, procedure code type, codesystem, codetype',
  },
};
