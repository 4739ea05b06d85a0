import addressparser from 'nodemailer/lib/addressparser';
import { oneLine } from '../../core/mail/layout.ts';

/** A person's or an office's e-mail address, with the name to show. */
export interface Mailbox {
  name: string;
  address: string;
}

/**
 * A mailbox as written in a configuration: `Name <address>` or the address alone.
 * Throws, saying which one is meant, when it is not exactly one usable address.
 */
export function mailboxOf(text: string, which: string): Mailbox {
  const [only, ...others] = addressparser(text, { flatten: true });
  const mailbox = only && others.length === 0 ? checkedMailbox(only) : null;
  if (mailbox) return mailbox;
  throw new Error(
    `The ${which} address is not usable. Write it like: Sunrise Practice <office@sunrise.example>`,
  );
}

/**
 * The mailbox with a clean name, or null when the address cannot be written to. Stricter than the
 * standard on purpose: no quoting, no comments, no control characters, one `@`, and a domain.
 */
export function checkedMailbox({ name, address }: Mailbox): Mailbox | null {
  const trimmed = address.trim();
  if (trimmed.length > 254 || !ADDRESS.test(trimmed)) return null;
  return { name: oneLine(name), address: trimmed };
}

const ADDRESS = /^[^\s@<>()[\]\\,;:"\p{C}]+@[^\s@<>()[\]\\,;:"\p{C}]+$/u;
