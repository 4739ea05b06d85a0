import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { entry, type NewEntry } from '../../core/fee/fee.ts';
import type { Policy } from '../../core/policy.ts';
import type { FeeRecord } from '../../ledger/fees.ts';
import { createLedger, type Ledger } from '../../ledger/ledger.ts';
import { CUSTOMER, EVIDENCE, testPolicy } from './fees.ts';

export const VENDORS = [
  { vendor: 'theranest', name: 'TheraNest', levies: true, source: 'test' },
  { vendor: 'simplepractice', name: 'SimplePractice', levies: true, source: 'test' },
  { vendor: 'therapynotes', name: 'TherapyNotes', levies: false, source: 'test' },
];

/** The rate of 2026: 1,950 cents. */
export const CONFIRMED_RATE = {
  vendor: 'theranest',
  year: 2026,
  royaltyCents: 1850,
  processingCents: 100,
  status: 'confirmed',
  source: 'test',
} as const;

const RATES = [
  CONFIRMED_RATE,
  {
    vendor: 'theranest',
    year: 2027,
    royaltyCents: 1900,
    processingCents: 100,
    status: 'forecast',
    source: 'test',
  },
] as const;

/** A clock the test sets: the database's own function, replaced in the test's own database. */
export async function setClock(pool: pg.Pool, at: Date): Promise<void> {
  await pool.query(
    `create or replace function levy_now() returns timestamptz
     language sql volatile parallel safe as $$ select '${at.toISOString()}'::timestamptz $$`,
  );
}

/** A ledger with vendors and rates; its elapsed time stands still, the database's clock decides. */
export async function testLedger(pool: pg.Pool): Promise<Ledger> {
  const ledger = createLedger(pool, () => 0);
  await ledger.rates.seed(VENDORS, [...RATES]);
  return ledger;
}

/** An assessment of TheraNest 2026 with `count` clinicians, C-1 to C-n, all with use. */
export async function openedAssessment(
  pool: pg.Pool,
  ledger: Ledger,
  options: { count?: number; policy?: Partial<Policy>; autoApprove?: boolean; used?: boolean } = {},
): Promise<{ assessmentId: string; feeIds: string[] }> {
  for (let n = 1; n <= (options.count ?? 1); n += 1) {
    const written = await ledger.clinicians.upsert({
      ref: `C-${n}`,
      name: `Person ${n}`,
      email: `person${n}@example.org`,
      npi: null,
      vendor: 'theranest',
      timeZone: 'America/New_York',
      stripeCustomer: `cus_${n}`,
      paymentMethod: null,
    });
    if (options.used === false || !('clinicianId' in written)) continue;
    await recordUse(ledger, written.clinicianId);
  }
  const opening = await ledger.assessments.open({
    vendor: 'theranest',
    year: 2026,
    policy: testPolicy(options.policy),
    autoApprove: options.autoApprove ?? false,
    livemode: false,
    actor: 'test',
  });
  if (!opening.opened) throw new Error(opening.why);
  const { assessmentId } = opening.assessment;
  await ledger.assessments.enroll(assessmentId);
  const { rows } = await pool.query<{ fee_id: string }>(
    'select fee_id from fees join clinicians using (clinician_id) order by length(ref), ref',
  );
  return { assessmentId, feeIds: rows.map((row) => row.fee_id) };
}

/** Evidence of one use in 2026, from an import of its own. */
export async function recordUse(ledger: Ledger, clinicianId: string): Promise<void> {
  await ledger.evidence.record({
    sha256: randomUUID(),
    fileName: 'claims.837',
    vendor: null,
    periodFrom: null,
    periodTo: null,
    format: 'x12',
    bytes: 1,
    records: 1,
    findings: 1,
    matched: 1,
    importedBy: 'test',
    uses: [
      {
        clinicianId,
        year: 2026,
        kind: EVIDENCE.kind,
        firstUsedOn: EVIDENCE.firstUsedOn,
        line: 12,
        rule: 'sv1',
        certainty: 'sure',
      },
    ],
    problems: [],
  });
}

/**
 * Appends entries one by one as the processors would, each on the fee as it then stands. Samples
 * become the fee's own: with its evidence and its customer.
 */
export async function appendAll(
  ledger: Ledger,
  feeId: string,
  entries: NewEntry[],
): Promise<FeeRecord> {
  let feeRecord = (await ledger.fees.load(feeId)) as FeeRecord;
  for (const one of entries) {
    const after = await ledger.fees.append(feeRecord, [ownOf(feeRecord, one)], 'test');
    if (!after) throw new Error('another writer came first');
    feeRecord = after;
  }
  return feeRecord;
}

/** A sample as this fee would have it; anything else as it is. */
export function ownOf({ firstUse, clinician }: FeeRecord, one: NewEntry): NewEntry {
  if (one.kind === 'assessed') {
    const isSample = one.data.evidence.evidenceId === EVIDENCE.evidenceId;
    return isSample && firstUse ? entry('assessed', { ...one.data, evidence: firstUse }) : one;
  }
  const { stripeCustomer: customer } = clinician;
  const isSample = 'customer' in one.data && one.data.customer === CUSTOMER;
  return isSample ? ({ ...one, data: { ...one.data, customer } } as NewEntry) : one;
}
