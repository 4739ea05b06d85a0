import { calendarDay, chargeFrom } from '../../../core/calendar.ts';
import { dollars } from '../../../core/fee/money.ts';
import type { Bucket, RosterTotals } from '../../../core/roster.ts';
import type { Policy } from '../../../core/policy.ts';
import type { Mark } from '../../../ledger/years.ts';
import { counted } from '../words.ts';

/** The buckets an approval acts on. */
export const ACTED_ON: Bucket[] = ['will_be_charged', 'no_card', 'no_email'];

/** The marks of a roster's rows: a label, and what it means in a sentence. */
export const MARK_WORDS: Record<Mark, { label: string; means: string }> = {
  expiring: {
    label: 'Card expires before the charge',
    means: 'The card will be expired on the first day on which it may be charged.',
  },
  bounced: {
    label: 'Address bounced',
    means: 'An e-mail to the address that is on the roster today came back.',
  },
  before: {
    label: 'Held or waived before',
    means: 'A fee of another year was held or waived.',
  },
  new: { label: 'New this year', means: 'Owes a fee now, and did not a year ago.' },
  dropped: { label: 'Not any more', means: 'Owed a fee a year ago, and owes none now.' },
  still: { label: 'As a year ago', means: 'Owed a fee a year ago, and owes one now.' },
};

/** Marks that ask for a decision, before those that compare with the year before. */
export const ASKING: Mark[] = ['expiring', 'bounced', 'before'];
export const COMPARING: Mark[] = ['new', 'dropped', 'still'];

/** The first day on which anybody may be charged if the roster is approved now, YYYY-MM-DD. */
export function earliestCharge(now: Date, policy: Policy): string {
  return calendarDay(chargeFrom(now, policy), policy.timeZone);
}

/** What the button of an approval does, in words: people, amount and day. */
export function approvalWords(totals: RosterTotals, chargeDay: string): string {
  const { clinicians = 0, cents = 0 } = totals.will_be_charged ?? {};
  if (clinicians === 0) return 'Approve: nobody is charged';
  return (
    `Approve: ${counted(clinicians, 'person', 'people')}, ${dollars(cents)}, ` +
    `charged from ${dayAndMonth(chargeDay)}`
  );
}

/** "January 12, 2027" of YYYY-MM-DD. */
function dayAndMonth(iso: string): string {
  return new Date(`${iso}T00:00:00Z`).toLocaleDateString('en-US', {
    dateStyle: 'long',
    timeZone: 'UTC',
  });
}

/** How many clinicians a roster names in all. */
export function everybody(totals: RosterTotals): number {
  return Object.values(totals).reduce((sum, { clinicians }) => sum + clinicians, 0);
}
