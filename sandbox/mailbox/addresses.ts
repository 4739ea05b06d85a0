/**
 * The mailbox's made-up recipients. The part before the @ decides what happens to mail for it, so
 * that every way a mail server can answer has an address. The domain never matters.
 */

/** What the server does with a recipient or, for the last three, with the whole mail. */
export type Reception =
  | { kind: 'accept' }
  | { kind: 'reject'; code: number; text: string }
  | { kind: 'slow' }
  | { kind: 'drop' };

/** Decides about recipients; it remembers whom it put off, and how often. */
export function createReceptionist(): (address: string) => Reception {
  const seen = new Map<string, number>();
  return (address) => {
    const recipient = address.toLowerCase();
    const rule = RULES.find(({ begins }) => recipient.startsWith(begins));
    if (!rule) return { kind: 'accept' };
    const times = seen.get(recipient) ?? 0;
    seen.set(recipient, times + 1);
    return times < rule.times ? rule.reception : { kind: 'accept' };
  };
}

interface Rule {
  begins: string;
  /** How often it applies before the recipient is like any other. */
  times: number;
  reception: Reception;
}

/** Replies with their enhanced status codes, RFC 3463. */
const RULES: Rule[] = [
  { begins: 'refuse', times: Infinity, reception: reject(550, '5.1.1 No such mailbox here') },
  { begins: 'full', times: Infinity, reception: reject(552, '5.2.2 The mailbox is full') },
  { begins: 'greylist', times: 1, reception: reject(450, '4.7.1 Greylisted, try again later') },
  { begins: 'later', times: 2, reception: reject(451, '4.3.0 Not now, try again later') },
  { begins: 'busy', times: 1, reception: reject(421, '4.3.2 Too busy, closing the connection') },
  { begins: 'slow', times: Infinity, reception: { kind: 'slow' } },
  { begins: 'drop', times: 1, reception: { kind: 'drop' } },
];

function reject(code: number, text: string): Reception {
  return { kind: 'reject', code, text };
}
