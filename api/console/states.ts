import type { FeeStatus } from '../../core/fee/fee.ts';
import { html, type Html } from './html.ts';

/** How urgent a state is for the operator. */
export type Tone = 'quiet' | 'going' | 'good' | 'person' | 'doubt' | 'ended';

interface StateWords {
  label: string;
  tone: Tone;
  /** What it means for the operator, in a sentence. */
  means: string;
}

/** Every state of a fee in the operator's words, in the order a run goes through them. */
export const STATE_WORDS: Record<FeeStatus, StateWords> = {
  detecting: { label: 'Looking', tone: 'quiet', means: 'The records are being looked at.' },
  no_use: { label: 'No use', tone: 'quiet', means: 'No code used so far. Never contacted.' },
  exempt: { label: 'Exempt', tone: 'quiet', means: 'Works in another EHR. Never contacted.' },
  ready: { label: 'Ready', tone: 'person', means: 'Waits for the roster to be approved.' },
  approved: { label: 'Approved', tone: 'going', means: 'The notice is about to be sent.' },
  noticed: { label: 'Noticed', tone: 'going', means: 'Knows of the fee; charged when due.' },
  charging: { label: 'Charging', tone: 'going', means: 'An attempt is at Stripe right now.' },
  unknown: { label: 'Unknown outcome', tone: 'doubt', means: 'Stripe gave no clear answer yet.' },
  retrying: { label: 'Retrying', tone: 'going', means: 'Declined; the card is tried again.' },
  needs_card: { label: 'Needs card', tone: 'person', means: 'This card cannot be charged.' },
  notice_failed: { label: 'Notice failed', tone: 'person', means: 'The notice did not arrive.' },
  held: { label: 'Held', tone: 'person', means: 'Stopped until a person decides.' },
  paid: { label: 'Paid', tone: 'good', means: 'The card was charged, once.' },
  paid_otherwise: {
    label: 'Paid otherwise',
    tone: 'good',
    means: 'Paid without the card on file.',
  },
  waived: { label: 'Waived', tone: 'ended', means: 'A person let the fee go.' },
  refunded: { label: 'Refunded', tone: 'ended', means: 'Paid, and paid back.' },
  disputed: { label: 'Disputed', tone: 'person', means: 'The cardholder disputes the charge.' },
  gave_up: { label: 'Given up', tone: 'ended', means: 'Every attempt was declined.' },
};

/** The states that wait for a person, fee by fee, with what to do. */
export const NEEDS_PERSON: { state: FeeStatus; todo: string }[] = [
  { state: 'held', todo: 'Look at the reason, then release, waive or refund.' },
  { state: 'needs_card', todo: 'Send the link to give another card.' },
  { state: 'notice_failed', todo: 'Correct the e-mail address on the roster, or ask again.' },
  { state: 'disputed', todo: 'Answer the dispute at Stripe.' },
];

/** A state as a small label. Its tone is never shown by colour alone. */
export function stateBadge(state: FeeStatus): Html {
  const { label, tone, means } = STATE_WORDS[state];
  return html`<span class="badge ${tone}" title="${means}">${label}</span>`;
}

/** Counts by state as one bar; the table beside it has the same numbers. */
export function stateBar(counts: readonly { state: FeeStatus; fees: number }[]): Html {
  const total = counts.reduce((sum, { fees }) => sum + fees, 0);
  if (total === 0) return html``;
  let from = 0;
  const parts = inOrder(counts).map(({ state, fees }) => {
    const width = (fees / total) * 1_000;
    const part = html`<rect
      class="${STATE_WORDS[state].tone}"
      x="${from.toFixed(2)}"
      y="0"
      width="${Math.max(width - 1, 1).toFixed(2)}"
      height="10"
      ><title>${STATE_WORDS[state].label}: ${fees}</title></rect
    >`;
    from += width;
    return part;
  });
  return html`<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
    ${parts}
  </svg>`;
}

/** The same counts in the order a run goes through the states. */
export function inOrder<Counted extends { state: FeeStatus }>(
  counts: readonly Counted[],
): Counted[] {
  const order = Object.keys(STATE_WORDS);
  return [...counts].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
}
