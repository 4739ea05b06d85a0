/** The sample usage exports of 2026, as files to upload. */
import { claimFile } from './claims.ts';
import { appointmentReport, payrollReport } from './spreadsheets.ts';

/** Three files in the layouts EHRs give. Together they prove the use that people.ts tells of. */
export function usageExports(): { name: string; bytes: Uint8Array }[] {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return [
    { name: 'claims-2026.837', bytes: bytes(claimFile()) },
    { name: 'theranest-payroll-2026.csv', bytes: bytes(payrollReport()) },
    { name: 'appointment-status-2026.csv', bytes: bytes(appointmentReport()) },
  ];
}
