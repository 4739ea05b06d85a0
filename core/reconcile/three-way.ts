import type { FeeStatus } from '../fee/fee.ts';

/**
 * The three-way match of one person: what the vendor's invoices carry, what levy passes on, and
 * what came in, through Stripe or otherwise. All in cents; a line that means nobody known is an
 * item of its own.
 */
export interface MatchFacts {
  /** The sum of the lines of confirmed invoices, credits included. */
  invoicedCents: number;
  /** How many of these lines charge something, and how many give something back. */
  charges: number;
  credits: number;
  /** Nobody on the roster is known to be meant. */
  unknown: boolean;
  /** The clinician works with another vendor now. */
  otherVendor: boolean;
  /** The fee's state; null when there is no fee. */
  state: FeeStatus | null;
  /** The fee that is owed for evidence of use; 0 when nothing is owed. */
  feeCents: number;
  /** Of the fee: waived, and written off. */
  waivedCents: number;
  writtenOffCents: number;
  /** Paid, by card or otherwise, given back, and taken by disputes, by the fee's entries. */
  paidCents: number;
  refundedCents: number;
  disputedCents: number;
  /** A check has found that Stripe's books and the ledger differ about this fee. */
  booksDiffer: boolean;
}

/** What a person may decide about a difference. */
export const DECISIONS = ['dispute', 'await', 'accept', 'bear', 'refund', 'waive'] as const;
export type MatchDecision = (typeof DECISIONS)[number];

/** A decision that waits for the vendor: the item is decided, and the year is not reconciled. */
export const WAITS_FOR_VENDOR: ReadonlySet<MatchDecision> = new Set(['dispute', 'await']);

interface OutcomeWords {
  /** A short name for lists, and what it means in a sentence. */
  label: string;
  says: string;
  /** True when invoice, fee and payment do not contradict each other. */
  agrees: boolean;
  /** What may be decided; none where they agree. */
  decisions: readonly MatchDecision[];
}

/** Every outcome there is, the most urgent first. */
export const OUTCOMES = {
  books_differ: {
    label: 'Stripe differs',
    says: 'Stripe’s own books and this ledger differ about the payment: see the findings first.',
    agrees: false,
    decisions: [],
  },
  paid_not_invoiced: {
    label: 'Paid, but not invoiced',
    says: 'The clinician paid, and the vendor’s invoices do not carry the clinician.',
    agrees: false,
    decisions: ['refund', 'await'],
  },
  unknown_person: {
    label: 'Nobody known',
    says: 'The vendor charges for somebody whom nobody on the roster is known to be.',
    agrees: false,
    decisions: ['dispute', 'bear'],
  },
  invoiced_twice: {
    label: 'Invoiced twice',
    says: 'More than one line charges for the same person, and together more than the fee.',
    agrees: false,
    decisions: ['dispute', 'bear'],
  },
  wrong_amount: {
    label: 'Wrong amount',
    says: 'The vendor’s invoices carry another amount than the fee.',
    agrees: false,
    decisions: ['dispute', 'bear', 'refund', 'waive'],
  },
  other_vendor: {
    label: 'With another vendor',
    says: 'The vendor charges for somebody who works with another vendor and owes no fee here.',
    agrees: false,
    decisions: ['dispute', 'bear'],
  },
  no_evidence: {
    label: 'Charged, no evidence',
    says: 'The vendor charges for somebody of whom no use of a code is known.',
    agrees: false,
    decisions: ['dispute', 'accept', 'bear'],
  },
  not_invoiced: {
    label: 'Evidence, not invoiced',
    says: 'The clinician owes the fee by the evidence, and the vendor’s invoices do not carry it.',
    agrees: false,
    decisions: ['await', 'waive'],
  },
  refunded: {
    label: 'Refunded, but invoiced',
    says: 'The vendor charged the practice, and the clinician got the money back.',
    agrees: false,
    decisions: ['bear', 'dispute'],
  },
  disputed: {
    label: 'Disputed, but invoiced',
    says: 'The vendor charged the practice, and the cardholder disputes the payment.',
    agrees: false,
    decisions: ['bear', 'dispute'],
  },
  not_passed_on: {
    label: 'Waived or given up',
    says: 'The vendor charged the practice, and the fee was waived or written off.',
    agrees: false,
    decisions: ['bear', 'dispute'],
  },
  unpaid: {
    label: 'Agrees, not yet paid',
    says: 'Invoice and fee are the same; the clinician has not paid yet.',
    agrees: true,
    decisions: [],
  },
  paid: {
    label: 'Agrees, paid',
    says: 'Invoice, fee and payment are the same to the cent.',
    agrees: true,
    decisions: [],
  },
  nothing: {
    label: 'Nothing charged',
    says: 'The vendor’s invoices carry nothing, and nothing of the clinician’s money was kept.',
    agrees: true,
    decisions: [],
  },
} as const satisfies Record<string, OutcomeWords>;

export type MatchOutcome = keyof typeof OUTCOMES;
export const OUTCOME_NAMES = Object.keys(OUTCOMES) as MatchOutcome[];

/** The words and decisions of an outcome. */
export const outcomeWords = (outcome: MatchOutcome): OutcomeWords => OUTCOMES[outcome];

/** What came in and stayed. */
export const keptCents = ({ paidCents, refundedCents, disputedCents }: MatchFacts): number =>
  paidCents - refundedCents - disputedCents;

/** The one outcome of an item. The first rule that applies decides. */
export function outcomeOf(facts: MatchFacts): MatchOutcome {
  const { invoicedCents, charges, feeCents, waivedCents, writtenOffCents } = facts;
  if (facts.unknown) return 'unknown_person';
  if (facts.booksDiffer) return 'books_differ';
  const kept = keptCents(facts);
  const isSettled = waivedCents > 0 || writtenOffCents > 0;
  if (invoicedCents === 0) {
    if (kept > 0) return 'paid_not_invoiced';
    if (feeCents === 0 || isSettled || facts.paidCents > 0) return 'nothing';
    return 'not_invoiced';
  }
  if (feeCents === 0 && kept === 0) return facts.otherVendor ? 'other_vendor' : 'no_evidence';
  if (charges > 1 && invoicedCents > feeCents) return 'invoiced_twice';
  if (invoicedCents !== feeCents) return 'wrong_amount';
  if (kept === feeCents) return 'paid';
  if (facts.disputedCents > 0) return 'disputed';
  if (facts.refundedCents > 0) return 'refunded';
  if (kept !== 0) return 'wrong_amount';
  return isSettled ? 'not_passed_on' : 'unpaid';
}

/** So many items with the same facts and the same decision that still holds. */
export interface MatchGroup {
  facts: MatchFacts;
  decision: MatchDecision | null;
  items: number;
}

export interface OutcomeTotal {
  outcome: MatchOutcome;
  items: number;
  /** Items that do not agree and that nobody has decided on. */
  open: number;
  /** Items of which the vendor's correction or invoice is awaited. */
  waiting: number;
  invoicedCents: number;
  feeCents: number;
  keptCents: number;
}

/** The match of a vendor and year in figures. */
export interface MatchTotals {
  outcomes: OutcomeTotal[];
  invoicedCents: number;
  feeCents: number;
  keptCents: number;
  open: number;
  waiting: number;
  /** Every item agrees or is decided, and nothing is awaited of the vendor. */
  reconciled: boolean;
}

/** Adds the items up. Each is in exactly one outcome, so the sums of the outcomes are whole. */
export function matchTotals(groups: readonly MatchGroup[]): MatchTotals {
  const totals = new Map<MatchOutcome, OutcomeTotal>();
  const all = { invoicedCents: 0, feeCents: 0, keptCents: 0, open: 0, waiting: 0 };
  for (const { facts, decision, items } of groups) {
    const outcome = outcomeOf(facts);
    const total = totals.get(outcome) ?? none(outcome);
    totals.set(outcome, total);
    total.items += items;
    for (const sum of [total, all]) {
      sum.invoicedCents += items * facts.invoicedCents;
      sum.feeCents += items * facts.feeCents;
      sum.keptCents += items * keptCents(facts);
      if (standingOf(outcome, decision) === 'open') sum.open += items;
      if (standingOf(outcome, decision) === 'waiting') sum.waiting += items;
    }
  }
  const outcomes = OUTCOME_NAMES.flatMap((name) => totals.get(name) ?? []);
  return { ...all, outcomes, reconciled: all.open === 0 && all.waiting === 0 };
}

function none(outcome: MatchOutcome): OutcomeTotal {
  const cents = { invoicedCents: 0, feeCents: 0, keptCents: 0 };
  return { outcome, items: 0, open: 0, waiting: 0, ...cents };
}

/** Whether an item agrees, is decided, waits for the vendor, or is open. */
export type ItemStanding = 'agrees' | 'decided' | 'waiting' | 'open';

/** The standing of an item with this outcome and the decision that holds. */
export function standingOf(outcome: MatchOutcome, decision: MatchDecision | null): ItemStanding {
  if (OUTCOMES[outcome].agrees) return 'agrees';
  if (!decision) return 'open';
  return WAITS_FOR_VENDOR.has(decision) ? 'waiting' : 'decided';
}
