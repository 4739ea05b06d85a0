import { html, type Html } from './html.ts';

/** An instant in a zone, for people: "Jan 15, 2026, 9:00 AM EST". */
export function when(at: Date, timeZone: string): Html {
  return html`<time datetime="${at.toISOString()}">${formatter(timeZone).format(at)}</time>`;
}

/** A calendar day given as YYYY-MM-DD: "Jan 5, 2026". Other text is returned unchanged. */
export function day(iso: string): string {
  const at = new Date(`${iso}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) return iso;
  return at.toLocaleDateString('en-US', { dateStyle: 'medium', timeZone: 'UTC' });
}

/** How far `at` is from `now`, roughly: "in 3 days", "now", "2 hours ago". */
export function distance(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime();
  const size = UNITS.find(([, length]) => Math.abs(ms) >= length);
  if (!size) return 'now';
  const [unit, length] = size;
  return RELATIVE.format(Math.trunc(ms / length), unit);
}

const RELATIVE = new Intl.RelativeTimeFormat('en-US', { numeric: 'always' });
const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string): Intl.DateTimeFormat {
  let found = formatters.get(timeZone);
  if (!found) {
    found = new Intl.DateTimeFormat('en-US', {
      timeZone,
      year: 'numeric',
      month: 'short',
      day: 'numeric',
      hour: 'numeric',
      minute: '2-digit',
      timeZoneName: 'short',
    });
    formatters.set(timeZone, found);
  }
  return found;
}
