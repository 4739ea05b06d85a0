/** An e-mail as it is sent; text and HTML have the same content. */
export interface Mail {
  subject: string;
  text: string;
  html: string;
}

/** The content of an e-mail, part by part, before it is laid out. */
export interface Draft {
  subject: string;
  /** What a mailbox shows beside the subject. */
  preview: string;
  practice: string;
  parts: Part[];
}

export type Part =
  | { kind: 'title' | 'heading' | 'text' | 'small'; text: string }
  /** Label and value per row; the last row of a sum is its total. */
  | { kind: 'rows' | 'sum'; rows: [label: string, value: string][] }
  | { kind: 'button'; label: string; url: string };
