import { inWords } from '../../core/fee/code-words.ts';
import { UNSPOKEN } from '../../core/fee/declines.ts';
import type { RecordKind, FeeStatus, Step } from '../../core/fee/fee.ts';
import type { Bucket } from '../../core/roster.ts';
import { html, type Html } from './html.ts';

/** The kinds of record a use is found in, as people say them. */
export const KIND_WORDS: Record<RecordKind, string> = {
  billing: 'a billing record',
  progress_note: 'a progress note',
  diagnosis: 'a diagnosis',
  vendor_invoice: 'the vendor’s invoice',
};

/** The buckets of the roster in a few words; core/roster.ts has the sentences. */
export const BUCKET_WORDS: Record<Bucket, string> = {
  will_be_charged: 'Will be charged',
  no_card: 'No card on file',
  no_email: 'No e-mail',
  under_way: 'Under way',
  settled: 'Settled',
  waived: 'Waived',
  no_use: 'No use',
  vendor_does_not_levy: 'EHR does not levy',
  other_vendor: 'Another EHR',
  held: 'Held',
  detecting: 'Not looked at yet',
};

/** The next step in words. With an open attempt, `charge` means asking Stripe for the outcome. */
export function nextWords(step: Step, state: FeeStatus): string {
  const open = step === 'charge' && (state === 'charging' || state === 'unknown');
  return open ? 'ask Stripe what happened' : STEP_WORDS[step];
}

const STEP_WORDS: Record<Step, string> = {
  detect: 'look at the records',
  notice: 'send the notice',
  charge: 'charge the card',
  settle: 'ask Stripe',
  email: 'send an e-mail',
};

/** A decline code for the operator, with a warning when it must not be passed on. */
export function declineCode(code: string): Html {
  return html`<span title="${code}">${inWords(code)}</span>${
      UNSPOKEN.has(code) &&
      html` <span class="small soft">do not tell the clinician; say “declined”</span>`
    }`;
}

/** "1 fee", "2 fees", "1,200 fees". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
