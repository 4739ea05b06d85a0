import { Type, type Static, type TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';

const uuid = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });
/** A job about one fee: the fee, and the number of the last entry when the job was made. */
const ofFee = Type.Object({ feeId: uuid, seq: Type.Integer({ minimum: 0 }) });

interface JobKind {
  /** What a payload holds: ids and numbers, nothing personal, checked on both ways. */
  payload: TSchema;
  /** The job's id names the thing that may happen once; adding it again changes nothing. */
  id: (payload: never) => string;
  /** Tries of the transport, not of a card: a card is tried again by the ledger's own clock. */
  attempts: number;
  /** First wait between tries, in ms; it doubles. */
  backoffMs: number;
  /** Jobs in hand per worker process: many, so that what they read and write travels together. */
  concurrency: number;
}

/** The one table of jobs: name of the queue, of the processor's file and of its test. */
export const JOBS = {
  /** Gives every clinician of an assessment a fee; detection follows fee by fee. */
  'open-assessment': {
    payload: Type.Object({ assessmentId: uuid }),
    id: (p: { assessmentId: string }) => `open-assessment-${p.assessmentId}`,
    attempts: 10,
    backoffMs: 1_000,
    concurrency: 1,
  },
  /** The annual trigger: opens the year's assessments. */
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
  /** The checker: of one assessment, or of everything. */
  reconcile: {
    payload: Type.Object({ assessmentId: Type.Optional(uuid) }),
    id: ({ assessmentId }: { assessmentId?: string }) =>
      assessmentId ? `reconcile-${assessmentId}` : 'reconcile',
    attempts: 5,
    backoffMs: 30_000,
    concurrency: 1,
  },
  /** A webhook's event: read the object that the event names. */
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

/** Every job is checked twice, so the checks are made ready once. */
const CHECKS = Object.fromEntries(
  JOB_NAMES.map((name) => [name, Compile(JOBS[name].payload as TSchema)]),
) as Record<JobName, Validator>;

/** Checks a payload, on the way in and out: throws on anything but its schema's fields. */
export function checkPayload<Name extends JobName>(name: Name, payload: unknown): Payload<Name> {
  if (!CHECKS[name].Check(payload)) throw new Error(`the payload of this ${name} job is not valid`);
  // What else came along is left behind.
  const { properties } = JOBS[name].payload;
  const known = Object.entries(payload as object).filter(([key]) => Object.hasOwn(properties, key));
  return Object.fromEntries(known) as Payload<Name>;
}

/** The id of a job with this payload: it names the thing that may happen once. */
export function jobId<Name extends JobName>(name: Name, payload: Payload<Name>): string {
  return (JOBS[name].id as (p: Payload<Name>) => string)(payload);
}
