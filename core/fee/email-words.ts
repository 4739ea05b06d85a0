import type { EmailKind } from './fee.ts';

/** The e-mails other than the notice, as people say them: "the ... was sent". */
export const EMAIL_WORDS: Record<EmailKind, string> = {
  receipt: 'receipt',
  card_needed: 'e-mail asking for another card',
  final: 'e-mail closing the fee',
  waived: 'e-mail about the waiver',
  refunded: 'e-mail about the refund',
  answer: 'answer to the objection',
};
