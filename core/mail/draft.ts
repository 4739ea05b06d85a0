/** A mail as it is sent: the text and the HTML say the same. */
export interface Mail {
  subject: string;
  text: string;
  html: string;
}

/** A mail before it has a form: what it says, part by part. */
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
