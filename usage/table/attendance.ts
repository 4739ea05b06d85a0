/** Words of a status that say the session never took place or the row was taken back. */
const GONE = ['cancel', 'no show', 'noshow', 'no-show', 'deleted', 'did not attend', 'rescheduled'];
const GONE_ALONE = new Set([
  'missed',
  'absent',
  'dna',
  'ns',
  'n/s',
  'missed appointment',
  'missed session',
]);
const NO = new Set([
  '',
  'no',
  'n',
  'false',
  'f',
  '0',
  '0.0',
  'none',
  'null',
  'n/a',
  '-',
  'not cancelled',
]);

/**
 * True where a status says cancelled, no-show or deleted. Denied, rejected and voided do not: the
 * code was used all the same.
 */
export function isGone(status: string): boolean {
  if (status === '') return false;
  const text = status.trim().toLowerCase();
  if (text.startsWith('not ') || text.startsWith('un')) return false;
  return GONE_ALONE.has(text) || GONE.some((word) => text.includes(word));
}

/** True where the cell of a column named Cancelled, Deleted or No Show says yes in any way. */
export function isGoneFlag(flag: string): boolean {
  return !NO.has(flag.trim().toLowerCase());
}
