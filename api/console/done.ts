/** The sentences shown after an act, by a word in the URL: no text of the URL itself is shown. */
const DONE = {
  approved:
    'The roster is approved. Notices go out now; each card is charged when its notice period ' +
    'is over.',
  approved_first:
    'Your approval is recorded. Nothing is sent or charged before a second person approves the ' +
    'same roster.',
  paused: 'Paused. No notice is sent and no card is charged until it is resumed.',
  resumed: 'Resumed. Notices and charges go on.',
  opened: 'The assessment is open. Everybody’s records are being looked at.',
  waive: 'Waived, or about to be: see the story for what happens at Stripe.',
  hold: 'Held. Nothing is sent or charged until it is released.',
  bounce:
    'Noted. Another notice goes out when the address is corrected on the roster, or when you ' +
    'have it tried again.',
  release: 'Released.',
  retry: 'It will be tried again as soon as that is allowed; see what is next.',
  refund: 'The refund is on its way; see the story.',
  pay_otherwise: 'Recorded as paid, or about to be: the card is stopped first. A receipt goes out.',
  objection_answered: 'Answered. The clinician reads it on their page.',
  send_card_link: 'The e-mail with the link goes out now.',
  note: 'The note stands in the story.',
  name_matched:
    'Matched and remembered. What the files show of this person counts now; nobody is charged ' +
    'for it before the roster is approved.',
  name_ignored: 'Remembered: nobody on the roster is meant.',
  name_forgotten: 'Forgotten. The next import asks again; evidence that was written stays.',
  rows_dismissed: 'The rows that could not be read are let be.',
  accepted: 'Accepted: it counts as use. The fees it concerns are looked at again.',
  rate_saved: 'The rate is saved.',
  vendor_added: 'The EHR is added. Enter its rate next.',
  person_added: 'Added to the roster.',
  person_saved: 'Saved.',
  moved: 'The move is made. See each fee for what became of it.',
  invoice_confirmed: 'Confirmed. It counts from now on, and never changes.',
  invoice_voided: 'Voided. It counts no more.',
  line_matched: 'Noted who is meant.',
  difference_decided: 'Decided. The next difference is below.',
  password_changed: 'The password is changed. You are signed out in every other browser.',
  session_ended: 'Signed out there.',
  authenticator_removed: 'The authenticator app is removed.',
  role_changed: 'The role is changed, at once.',
  access_ended: 'The access has ended. It can be given again with a new link.',
  key_revoked: 'The token is revoked.',
  refused: 'Refused: it does not count as use. The fees it concerns are looked at again.',
} as const;

export type Done = keyof typeof DONE;

/** The sentence for a word; undefined when the word is not one of ours. */
export function doneSentence(word: string | undefined): string | undefined {
  return word && Object.hasOwn(DONE, word) ? DONE[word as Done] : undefined;
}
