/** A parsed JSON value of unknown shape: records of strangers are never what they should be. */
export type Json = unknown;

/** The value as an object, or null. */
export function record(value: Json): Record<string, Json> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, Json>)
    : null;
}

/** The value as a list; a lone object counts as a list of one, anything else as none. */
export function list(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  return record(value) ? [value] : NONE;
}

const NONE: Json[] = [];

/** The value as text: a string, or a number written out; else null. */
export function text(value: Json): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : null;
}
