import { OTHER_WAY_WORDS } from '../fee/code-words.ts';
import { UNSPOKEN } from '../fee/declines.ts';
import type { EmailKind, OtherPayment } from '../fee/fee.ts';
import type { Draft, Mail, Part } from './draft.ts';
import { textAndHtml } from './layout.ts';
import { dollars } from '../fee/money.ts';
import {
  cardName,
  dayOf,
  split,
  text,
  title,
  trademark,
  whatItIs,
  type FeeFacts,
} from './notice.ts';

/** The facts for an e-mail; each e-mail uses the ones it needs. */
export interface EmailFacts extends FeeFacts {
  /** The card the e-mail is about: charged, declined or refunded; null when there is none. */
  card: { brand: string; last4: string } | null;
  /** Calendar day of the event in the e-mail, YYYY-MM-DD: of the payment, the decline, ... */
  on: string;
  /** Whether the clinician has had the notice; if not, a charge is announced first. */
  announced: boolean;
  /**
   * Stripe's code of the decline the e-mail is about; null when it is about none. It decides what
   * the e-mail asks for; few e-mails name its reason.
   */
  declineCode: string | null;
  /** How the fee was paid without the card on file; null when it was not. */
  otherPayment: OtherPayment | null;
  /** A colleague's answer to the clinician's objection; null in an e-mail that is none. */
  answer: string | null;
  /** The refunded cents; null in an e-mail that is not about a refund. */
  refundedCents: number | null;
}

/** Writes an e-mail other than the notice. Throws on facts that contradict each other. */
export function writeEmail(email: EmailKind, facts: EmailFacts): Mail {
  const { subject, preview, parts } = EMAILS[email](facts);
  return textAndHtml({
    subject,
    preview,
    practice: facts.practice,
    parts: [
      title(subject),
      text(`Hello ${facts.clinician},`),
      ...parts,
      ...(parts.some(({ kind }) => kind === 'button') ? [] : seeFee(facts)),
      text(`Any questions? Just reply to this e-mail (${facts.replyTo}).`),
      trademark(),
    ],
  });
}

type Body = Pick<Draft, 'subject' | 'preview' | 'parts'>;

const EMAILS: Record<EmailKind, (facts: EmailFacts) => Body> = {
  receipt: (facts) => {
    const { year, amountCents, card, otherPayment } = facts;
    const byCard = card ? ` from your ${cardInText(card)}` : '';
    const from = otherPayment ? ` ${OTHER_WAY_WORDS[otherPayment.how]}` : byCard;
    const on = otherPayment?.on ?? facts.on;
    return {
      subject: `Receipt: ${dollars(amountCents)} for your ${year} CPT license fee`,
      preview: `Paid on ${dayOf(on, 'long')}. Thank you.`,
      parts: [
        text(
          `Thank you. We received ${dollars(amountCents)}${from} on ${dayOf(on, 'long')}. ` +
            `Your CPT license fee for ${year} is paid, and nothing more is due for this year.` +
            (otherPayment ? ' Your card will not be charged for it.' : ''),
        ),
        split(facts),
      ],
    };
  },

  card_needed: (facts) => {
    const { year, declineCode } = facts;
    const isDecline = declineCode !== null;
    return {
      subject: isDecline
        ? `Your card for the ${year} CPT license fee was declined`
        : `Your ${year} CPT license fee: we have no card on file`,
      preview: 'Please give us a card we can use.',
      parts: [
        text(isDecline ? declined(facts, declineCode) : noCard(facts)),
        ...giveCard(facts),
        text(whatItIs(facts)),
        split(facts),
      ],
    };
  },

  final: (facts) => {
    const { year, amountCents, card, on } = facts;
    const which = card ? `, with your ${cardInText(card)},` : '';
    return {
      subject: `Your ${year} CPT license fee is still unpaid`,
      preview: 'We will not try your card again by ourselves.',
      parts: [
        text(
          `We were not able to charge your CPT license fee of ${dollars(amountCents)} for ` +
            `${year}. Our last try${which} was on ${dayOf(on, 'long')}, and we will not try ` +
            'again by ourselves.',
        ),
        ...giveCard(facts),
        text('If you would rather settle it in another way, tell us and we will find one.'),
        split(facts),
      ],
    };
  },

  waived: ({ year, amountCents }) => ({
    subject: `Your ${year} CPT license fee is waived`,
    preview: 'Nothing will be charged.',
    parts: [
      text(
        `Good news: we have waived your CPT license fee of ${dollars(amountCents)} for ${year}. ` +
          'Your card will not be charged for it, and there is nothing you have to do.',
      ),
    ],
  }),

  answer: (facts) => {
    const { year, amountCents, answer } = facts;
    if (answer === null) throw new Error('Bug! an answer without words');
    return {
      subject: `About your objection to the ${year} CPT license fee`,
      preview: 'We have looked at it.',
      parts: [
        text(
          `You objected to your CPT license fee of ${dollars(amountCents)} for ${year}. We have ` +
            'looked at it, and the fee stands:',
        ),
        text(`“${answer}”`),
        text(
          'If your card has not been charged yet, that goes on as announced. If you still do not ' +
            'agree, reply to this e-mail.',
        ),
      ],
    };
  },

  refunded: ({ year, amountCents, refundedCents, card }) => {
    if (refundedCents === null || refundedCents > amountCents)
      throw new Error('Bug! an e-mail about a refund needs the amount, at most the fee');
    const back = dollars(refundedCents);
    const part = refundedCents < amountCents ? ` of the ${dollars(amountCents)} you paid` : '';
    const to = card ? ` to your ${cardInText(card)}` : '';
    return {
      subject: `Refund: ${back} of your ${year} CPT license fee`,
      preview: 'Your bank usually shows it within 5 to 10 business days.',
      parts: [
        text(
          `We have refunded ${back}${part} for your CPT license fee for ${year}${to}. ` +
            'Your bank usually shows it within 5 to 10 business days. ' +
            'There is nothing you have to do.',
        ),
      ],
    };
  },
};

/** The link to the clinician's own page, in e-mails that have no other button. */
function seeFee({ pageLink }: EmailFacts): Part[] {
  return pageLink ? [{ kind: 'button', label: 'See your fee', url: pageLink }] : [];
}

function declined({ year, amountCents, on, card }: EmailFacts, declineCode: string): string {
  return (
    `On ${dayOf(on, 'long')} we tried to charge your CPT license fee of ${dollars(amountCents)} ` +
    `for ${year} to your ${card ? cardInText(card) : 'card'}, and the charge was declined.` +
    `${spoken(declineCode)} This happens, and it is quickly mended.`
  );
}

function noCard({ year, amountCents }: EmailFacts): string {
  return (
    `Your CPT license fee for ${year} is ${dollars(amountCents)}, and we have no card of yours ` +
    'on file that we could charge it to.'
  );
}

/** How to give another card, and what follows from doing so. */
function giveCard({ pageLink, amountCents, announced }: EmailFacts): Part[] {
  const then = announced
    ? `We will then charge the ${dollars(amountCents)} to it and send you a receipt.`
    : 'Before anything is charged, we will write to you with the date.';
  if (!pageLink) return [text(`Please reply to this e-mail to give us a card. ${then}`)];
  return [
    text(`Please give us a card on your own page about this fee. ${then}`),
    { kind: 'button', label: 'Give a card', url: pageLink },
  ];
}

/**
 * The reason of a decline where it helps and is harmless: a sentence with a space before it, or ''.
 * A reason that concerns only the cardholder is never given.
 */
function spoken(declineCode: string): string {
  if (UNSPOKEN.has(declineCode)) return '';
  if (declineCode === 'expired_card') return ' The bank says that the card has expired.';
  if (declineCode === 'authentication_required')
    return ' The bank wants you to approve the payment; giving us the card again does that.';
  if (/^(incorrect|invalid)_(cvc|expiry_month|expiry_year|number|zip|address)$/.test(declineCode))
    return ' Some of its details do not match what the bank has.';
  return '';
}

/** The card in a sentence: "Visa ending in 4242", "card ending in 4242". */
function cardInText(card: { brand: string; last4: string }): string {
  return cardName(card).replace(/^Card/, 'card');
}
