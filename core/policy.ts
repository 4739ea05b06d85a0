/**
 * The rules by which one assessment treats clinicians, frozen when it is opened. The values, with
 * their reasons, are in config/policy.ts.
 */
export interface Policy {
  /**
   * Length of a day in ms for notice and retries: 86,400,000, or less in a rehearsal.
   * Only a real day follows the calendar of `timeZone`.
   */
  dayMs: number;
  /** IANA zone in which notice days and the charge hour are counted. */
  timeZone: string;
  /** Calendar days between the accepted notice and the first attempt. */
  noticeDays: number;
  /** Local hour (0 to 23) at which the day's charging begins; nobody is charged at night. */
  chargeHour: number;
  /**
   * What allows a fee to be passed on: the evidence of use alone, or a confirmed invoice of the
   * vendor that carries the clinician with at least the fee.
   */
  passOn: PassOn;
  /**
   * Whether a payment is given back when its clinician turns out to have moved, in the year of the
   * fee, to an EHR that does not levy it: always, never, or as a person decides.
   */
  refundMoved: RefundMoved;
  /** Attempts per card before giving up. */
  attemptsMax: number;
  /** Days to wait after the 1st, 2nd, ... declined attempt of a card. */
  retryDays: number[];
  /** Wait in ms after a first decline by a technical fault of issuer or network. */
  retrySoonMs: number;
  /** Waits in ms after the 1st, 2nd, ... temporary refusal of an e-mail; then it has failed. */
  mailRetryMs: number[];
  /** When Stripe is first asked about an attempt without an outcome, in ms after it was written. */
  attemptGraceMs: number;
  /** Waits in ms before the 1st, 2nd, ... look at an unknown outcome; the last repeats. */
  unknownLookMs: number[];
  /** Fees charged first, alone, at the start and after every resume; 0: all are charged at once. */
  canaryFees: number;
  /** Wait in ms after the last canary fee is answered; scaled by `dayMs` in a rehearsal. */
  canaryWaitMs: number;
  /**
   * Attempts whose outcome may be unknown at the same time in a run of any size, and as a share
   * (0 to 1) of the latest attempts, of which at most 2,000 are counted. The larger of the two is
   * allowed; one more pauses the assessment.
   */
  unknownMax: number;
  unknownShareMax: number;
  /** People who must approve a roster: 1, or 2 different ones. */
  approvers: number;
  /**
   * How many of the latest first tries the share of declines is taken from; not taken from fewer.
   */
  declineSample: number;
  /** Highest share of declines among them, 0 to 1; more pauses the assessment. */
  declineShareMax: number;
}

export const PASS_ON = ['evidence', 'invoice'] as const;
export type PassOn = (typeof PASS_ON)[number];

export const REFUND_MOVED = ['always', 'ask', 'never'] as const;
export type RefundMoved = (typeof REFUND_MOVED)[number];

/** A real day; any other `dayMs` is a rehearsal and refused in production. */
export const DAY_MS = 86_400_000;
