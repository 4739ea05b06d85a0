import { Type, type Static, type TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';

const uuid = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });
/** A job about one fee: the fee, and the number of the last entry when the job was made. */
const ofFee = Type.Object({ feeId: uuid, seq: Type.Integer({ minimum: 0 }) });

interface JobKind {
  /** The payload: ids and numbers, nothing personal. It is checked when queued and when read. */
  payload: TSchema;
  /** The job's id names what may happen once; adding the same id again changes nothing. */
  id: (payload: never) => string;
  /** Tries of the job, not of a card: the ledger decides when a card is tried again. */
  attempts: number;
  /** First wait between tries, in ms; it doubles. */
  backoffMs: number;
  /** Jobs at once per worker process: many, so that their reads and writes share statements. */
  concurrency: number;
}

/** The one table of jobs, by the name of the queue, the processor's file and its test. */
export const JOBS = {
  /** Creates a fee for every clinician; detection then runs fee by fee. */
  'open-assessment': {
    payload: Type.Object({ assessmentId: uuid }),
    id: (p: { assessmentId: string }) => `open-assessment-${p.assessmentId}`,
    attempts: 10,
    backoffMs: 1_000,
    concurrency: 1,
  },
  /** The yearly trigger: opens the year's assessments. */
  annual: {
    payload: Type.Object({}),
    id: () => 'annual',
    attempts: 10,
    backoffMs: 60_000,
    concurrency: 1,
  },
  detect: {
    payload: ofFee,
    id: (p: { feeId: string; seq: number }) => `detect-${p.feeId}-${p.seq + 1}`,
    attempts: 5,
    backoffMs: 1_000,
    concurrency: 32,
  },
  notice: {
    payload: ofFee,
    id: (p: { feeId: string; seq: number }) => `notice-${p.feeId}-${p.seq + 1}`,
    attempts: 5,
    backoffMs: 2_000,
    concurrency: 40,
  },
  charge: {
    payload: ofFee,
    id: (p: { feeId: string; seq: number }) => `charge-${p.feeId}-${p.seq + 1}`,
    attempts: 5,
    backoffMs: 2_000,
    concurrency: 40,
  },
  settle: {
    payload: ofFee,
    id: (p: { feeId: string; seq: number }) => `settle-${p.feeId}-${p.seq + 1}`,
    attempts: 5,
    backoffMs: 2_000,
    concurrency: 8,
  },
  email: {
    payload: ofFee,
    id: (p: { feeId: string; seq: number }) => `email-${p.feeId}-${p.seq + 1}`,
    attempts: 5,
    backoffMs: 2_000,
    concurrency: 20,
  },
  /** Tells the fees of a vendor and year what the vendor's confirmed invoices carry now. */
  'follow-invoices': {
    payload: Type.Object({
      vendor: Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,63}$' }),
      year: Type.Integer({ minimum: 2000, maximum: 2200 }),
      /** The invoice and what was done with it: a job that runs already may have missed this. */
      cause: Type.String({ pattern: '^[0-9a-z-]{1,80}$' }),
    }),
    id: (p: { cause: string }) => `follow-invoices-${p.cause}`,
    attempts: 10,
    backoffMs: 1_000,
    concurrency: 1,
  },
  /** Reads the cards of an assessment at Stripe, so that an expiry is foreseen: once a day. */
  'read-cards': {
    payload: Type.Object({
      assessmentId: uuid,
      day: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }),
    }),
    id: (p: { assessmentId: string; day: string }) => `read-cards-${p.assessmentId}-${p.day}`,
    attempts: 3,
    backoffMs: 30_000,
    concurrency: 1,
  },
  /** Does what a person asked for to many fees; see ledger/bulk-acts.ts. */
  'bulk-act': {
    payload: Type.Object({ bulkId: uuid }),
    id: (p: { bulkId: string }) => `bulk-act-${p.bulkId}`,
    attempts: 10,
    backoffMs: 1_000,
    concurrency: 1,
  },
  /** Reconciles one assessment, or everything. */
  reconcile: {
    payload: Type.Object({ assessmentId: Type.Optional(uuid) }),
    id: ({ assessmentId }: { assessmentId?: string }) =>
      assessmentId ? `reconcile-${assessmentId}` : 'reconcile',
    attempts: 5,
    backoffMs: 30_000,
    concurrency: 1,
  },
  /** Handles a webhook's event: reads the object that the event names. */
  'webhook-event': {
    payload: Type.Object({ eventId: Type.String({ pattern: '^evt_[A-Za-z0-9_]{1,100}$' }) }),
    id: (p: { eventId: string }) => `webhook-event-${p.eventId}`,
    attempts: 5,
    backoffMs: 2_000,
    concurrency: 4,
  },
} as const satisfies Record<string, JobKind>;

export type JobName = keyof typeof JOBS;
export type Payload<Name extends JobName> = Static<(typeof JOBS)[Name]['payload']>;

export const JOB_NAMES = Object.keys(JOBS) as JobName[];

/** Every payload is checked twice, so the checks are compiled once. */
const CHECKS = Object.fromEntries(
  JOB_NAMES.map((name) => [name, Compile(JOBS[name].payload as TSchema)]),
) as Record<JobName, Validator>;

/** Gives a payload's known fields. Throws when one of them is missing or wrong. */
export function checkPayload<Name extends JobName>(name: Name, payload: unknown): Payload<Name> {
  if (!CHECKS[name].Check(payload)) throw new Error(`the payload of this ${name} job is not valid`);
  // Fields that the schema does not know are dropped.
  const { properties } = JOBS[name].payload;
  const known = Object.entries(payload as object).filter(([key]) => Object.hasOwn(properties, key));
  return Object.fromEntries(known) as Payload<Name>;
}

/** Gives the job's id for a payload: it names what may happen once. */
export function jobId<Name extends JobName>(name: Name, payload: Payload<Name>): string {
  return (JOBS[name].id as (p: Payload<Name>) => string)(payload);
}
