/**
 * Two spreadsheets in the layouts EHRs give: TheraNest's payroll report (payments, by staff name)
 * and SimplePractice's appointment status report (sessions, by clinician name, no NPI).
 */
import { people, SHARED_NAME } from './people.ts';

/** The payroll report. Only paid sessions are in it, and the code may be missing. */
export function payrollReport(): string {
  const rows = uses('payroll').map(({ name, day }, at) =>
    payment(at, name, CODES[at % CODES.length] as string, day),
  );
  const next = rows.length;
  return csv([
    [
      'Staff',
      'Client',
      'Payment Number',
      'Payment Method',
      'Insurer',
      'Paid with a Card',
      'Amount',
      'Payment Date',
      'Date of Service',
      'CPT Code',
      'Rate',
    ],
    ...rows,
    payment(next, SHARED_NAME, '90834', '2026-03-04'),
    payment(next + 1, 'Winifred Sato', 'H0004', '2026-03-05'),
    payment(next + 2, 'Ephraim Locke', '', '2026-03-06'),
    payment(next + 3, 'Pat Stranger', '90837', '2026-03-09'),
    payment(next + 4, 'Samuel Okonjo', 'T1017', '2026-01-05'),
  ]);
}

/** The appointment status report, with sessions that never took place among the others. */
export function appointmentReport(): string {
  const rows = uses('appointments').map(({ name, day }, at) =>
    appointment(name, CODES[at % CODES.length] as string, day, 'Show', at),
  );
  return csv([
    [
      'Date of Service',
      'Client',
      'Clinician',
      'Billing Code',
      'Primary Insurance',
      'Rate per Unit',
      'Units',
      'Total Fee',
      'Appointment Status',
      'Progress Note Status',
      'Client Payment Status',
      'Charge',
      'Uninvoiced',
      'Paid',
      'Unpaid',
    ],
    ...rows,
    appointment('Ephraim Locke', '90834', '2026-02-09', 'Cancelled', 80),
    appointment('Ephraim Locke', '90837', '2026-02-16', 'No Show', 81),
    appointment('Zoë Ahlgren', '90837', '2026-01-06', 'Late Cancelled', 82),
    appointment('Pat Stranger', '90834', '2026-02-10', 'Show', 83),
    appointment('Lucía Benavente', '00001', '2026-01-05', 'Show', 84),
    appointment('Philippa Grange', '', '2026-01-06', 'Show', 85),
  ]);
}

const CODES = ['90837', '90834', '90847', '90853'];

function uses(file: 'payroll' | 'appointments'): { name: string; day: string }[] {
  return people.flatMap(({ name, use }) => (use[file] ?? []).map((day) => ({ name, day })));
}

function payment(at: number, staff: string, code: string, day: string): string[] {
  const insured = at % 3 !== 2;
  return [
    staff,
    `Client ${at + 1}`,
    String(10_500 + at),
    insured ? 'Insurance' : 'Credit Card',
    insured ? 'Sample Payer (87726)' : '',
    insured ? '' : 'Yes',
    '120.00',
    american(day),
    american(day),
    code,
    '60%',
  ];
}

function appointment(
  clinician: string,
  code: string,
  day: string,
  status: string,
  at: number,
): string[] {
  const took = status === 'Show';
  const insured = at % 2 === 0 && clinician !== 'Ingrid Vance';
  const fee = took ? '130.0' : '0.0';
  return [
    `${american(day)} ${String(9 + (at % 8)).padStart(2, '0')}:00`,
    `Client ${at + 1}`,
    clinician,
    code,
    insured ? 'Sample Payer (99727)' : '',
    '130.0',
    '1',
    fee,
    status,
    took ? 'Locked' : 'No Note',
    took ? 'PAID' : 'UNPAID',
    insured ? '30.0' : fee,
    '0.0',
    insured ? '30.0' : fee,
    '0.0',
  ];
}

/** `2026-01-31` as American reports write it: `01/31/2026`. */
function american(day: string): string {
  const [year, month, date] = day.split('-');
  return `${month}/${date}/${year}`;
}

function csv(rows: string[][]): string {
  const quoted = (cell: string) =>
    /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  return rows.map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
}
