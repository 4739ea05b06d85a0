/** A message that was received. */
export interface Mail {
  /** The queue id that the sender was told. */
  id: string;
  receivedAt: string;
  envelope: { from: string; to: string[] };
  from: string;
  to: string[];
  subject: string;
  messageId: string | null;
  text: string;
  html: string | null;
  headers: { name: string; value: string }[];
  attachments: { filename: string | null; contentType: string; bytes: number }[];
  /** The message as it came over the wire. */
  raw: string;
}
