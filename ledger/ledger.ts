import type pg from 'pg';
import { createAccess } from './access.ts';
import { createAssessments } from './assessments.ts';
import { openSnapshot, type StripeSnapshot } from './stripe-snapshot.ts';
import { createBookkeeping } from './bookkeeping.ts';
import { createCards } from './cards.ts';
import { createBulkActs } from './bulk-acts.ts';
import { createCardPages } from './card-pages.ts';
import { createColleagues } from './colleagues.ts';
import { createInvariants } from './invariants.ts';
import { createClinicians } from './clinicians.ts';
import { createEvents } from './events.ts';
import { createEvidence } from './evidence.ts';
import { createDesk } from './desk.ts';
import { createFees } from './fees.ts';
import { createFindings } from './findings.ts';
import { createInvoiceMatch } from './invoice-match.ts';
import { createInvoiceUploads } from './invoice-uploads.ts';
import { createInvoices } from './invoices.ts';
import { createJobErrors } from './job-errors.ts';
import { createKnownNames } from './known-names.ts';
import { createObjections } from './objections.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { createMoves } from './moves.ts';
import { createPeople } from './people.ts';
import { createQueueSweep } from './queue-sweep.ts';
import { createRates } from './rates.ts';
import { createReports } from './reports.ts';
import { createRosterUploads } from './roster-uploads.ts';
import { createSessions } from './sessions.ts';
import { createRosterViews } from './roster-views.ts';
import { createCircuitBreaker } from './circuit-breaker.ts';
import { createYearReport } from './year-report.ts';
import { createYears } from './years.ts';

/**
 * The ledger: it contains every SQL statement of levy, grouped by subject.
 * @param pool  connections to a migrated database
 * @param elapsedMs  a monotonic clock in ms, such as `performance.now`
 */
export function createLedger(pool: pg.Pool, elapsedMs: () => number) {
  return {
    access: createAccess(pool),
    colleagues: createColleagues(pool),
    sessions: createSessions(pool),
    assessments: createAssessments(pool),
    bookkeeping: createBookkeeping(pool),
    cards: createCards(pool),
    bulkActs: createBulkActs(pool, elapsedMs),
    cardPages: createCardPages(pool),
    invariants: createInvariants(pool),
    clinicians: createClinicians(pool),
    events: createEvents(pool),
    evidence: createEvidence(pool),
    desk: createDesk(pool),
    fees: createFees(pool, elapsedMs),
    findings: createFindings(pool),
    invoiceMatch: createInvoiceMatch(pool),
    invoiceUploads: createInvoiceUploads(pool),
    invoices: createInvoices(pool),
    jobErrors: createJobErrors(pool),
    knownNames: createKnownNames(pool),
    objections: createObjections(pool),
    moves: createMoves(pool, elapsedMs),
    people: createPeople(pool),
    rateLimiter: createRateLimiter(pool),
    queueSweep: createQueueSweep(pool),
    rates: createRates(pool),
    reports: createReports(pool),
    rosterUploads: createRosterUploads(pool),
    rosterViews: createRosterViews(pool),
    circuitBreaker: createCircuitBreaker(pool),
    yearReport: createYearReport(pool),
    years: createYears(pool),
    /** Opens a snapshot of Stripe's books beside the ledger; the caller must close it. */
    openSnapshot: (): Promise<StripeSnapshot> => openSnapshot(pool),
    /** Returns when the database answers; throws otherwise. */
    async ping(): Promise<void> {
      await pool.query('select 1');
    },
  };
}

export type Ledger = ReturnType<typeof createLedger>;
