import { dollars } from '../../../core/fee/money.ts';
import type { ItemStanding, MatchDecision } from '../../../core/reconcile/three-way.ts';
import type { Invoice } from '../../../ledger/invoices.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import type { Tone } from '../states.ts';

/** What a person decides about a difference, on a button and in a sentence. */
export const DECISION_WORDS: Record<MatchDecision, { label: string; says: string }> = {
  dispute: {
    label: 'The vendor errs',
    says: 'We ask the vendor for a correction. Waits until a credit note or a replacement stands.',
  },
  await: {
    label: 'Expect it on a later invoice',
    says: 'Waits until the vendor’s next invoice carries it.',
  },
  accept: {
    label: 'Accept as evidence',
    says:
      'The invoice counts as evidence of use. The fee is looked at again, and still waits for ' +
      'the roster to be approved before anybody is told or charged.',
  },
  bear: {
    label: 'Bear it ourselves',
    says: 'The practice pays it and passes nothing of it on.',
  },
  refund: {
    label: 'Refund the clinician',
    says: 'The whole payment goes back to the card now.',
  },
  waive: {
    label: 'Waive the fee',
    says: 'The fee is let go for good, now.',
  },
};

const STANDINGS: Record<ItemStanding, { label: string; tone: Tone }> = {
  agrees: { label: 'Agrees', tone: 'good' },
  decided: { label: 'Decided', tone: 'ended' },
  waiting: { label: 'Waits for the vendor', tone: 'going' },
  open: { label: 'To be decided', tone: 'person' },
};

/** How an item of the match stands, as a small label. */
export function standingBadge(standing: ItemStanding): Html {
  const { label, tone } = STANDINGS[standing];
  return html`<span class="badge ${tone}">${label}</span>`;
}

export const standingWords = (standing: ItemStanding): string => STANDINGS[standing].label;

/** Whether an invoice is a draft, stands or was voided, as a small label. */
export function invoiceBadge({ confirmedAt, voidedAt }: Invoice): Html {
  if (voidedAt) return html`<span class="badge ended">Voided</span>`;
  if (confirmedAt) return html`<span class="badge good">Confirmed</span>`;
  return html`<span class="badge person">Draft</span>`;
}

/** The vendor's own words for its document, apart from ours. */
export function documentName({ vendorName, number, totalCents }: Invoice): Html {
  const kind = totalCents < 0 ? 'credit note' : 'invoice';
  return html`${isolated(vendorName)}, ${kind} ${isolated(number)}`;
}

/** What a line says of the person, as the vendor wrote it. */
export function writtenAs(line: { name: string | null; ref: string | null; npi: string | null }) {
  const { name, ref, npi } = line;
  if (!name && !ref && !npi) return html`<span class="soft">no name on the line</span>`;
  return html`${name && isolated(name)}
  ${ref && html`<span class="small soft">${isolated(ref)}</span>`}
  ${npi && html`<span class="small soft">NPI ${isolated(npi)}</span>`}`;
}

/** Cents for a cell; nothing for zero. */
export const money = (cents: number): string | null => (cents === 0 ? null : dollars(cents));
