import { FEE_STATUSES, type FeeStatus } from './fee.ts';

/** The fees a person means: those to which every part applies. An empty part means any. */
export interface FeeSelection {
  assessmentId: string | null;
  vendor: string | null;
  year: number | null;
  states: FeeStatus[];
  /** Codes of the latest decline. */
  declines: string[];
  /** At least so many days in the present state. */
  minDays: number | null;
  /** A part of the clinician's name, e-mail or reference, in any case. */
  text: string | null;
}

/** The selection of every fee. */
export const EVERY_FEE: FeeSelection = {
  assessmentId: null,
  vendor: null,
  year: null,
  states: [],
  declines: [],
  minDays: null,
  text: null,
};

/** What is owed and not paid, and does not go on by itself, in the order of the desk. */
export const FAILED_STATES = [
  'needs_card',
  'retrying',
  'gave_up',
  'unknown',
  'notice_failed',
  'held',
  'disputed',
] as const satisfies readonly FeeStatus[];

/**
 * Reads a selection such as `state=needs_card,gave_up and year=2026 and text="O'Neil"`. Gives a
 * sentence about the first mistake instead.
 */
export function parseWhere(where: string): FeeSelection | { mistake: string } {
  const selection: FeeSelection = { ...EVERY_FEE };
  const seen = new Set<string>();
  let rest = where.trim();
  if (rest === '') return { mistake: 'Say which fees, such as state=needs_card.' };
  for (;;) {
    const part = PART.exec(rest);
    if (!part) return { mistake: `“${rest}” is not a condition such as state=needs_card.` };
    const [whole, key = '', operator = '', quoted, plain] = part;
    if (seen.has(key)) return { mistake: `${key} stands there twice.` };
    seen.add(key);
    const mistake = take(selection, { key, operator, value: quoted ?? plain ?? '' });
    if (mistake) return { mistake };
    rest = rest.slice(whole.length);
    if (rest === '') return selection;
    const and = /^\s+and\s+/i.exec(rest);
    if (!and) return { mistake: `“${rest.trim()}” does not follow: join conditions with “and”.` };
    rest = rest.slice(and[0].length);
  }
}

/** `key=value`, with quotes around a value that has spaces; a value may be a list with commas. */
const PART = /^([a-z]+)(>=|=)(?:"([^"]*)"|([^\s"]+))/;

interface Part {
  key: string;
  operator: string;
  value: string;
}

/** Writes one condition into the selection. Gives a sentence when it makes no sense. */
function take(selection: FeeSelection, { key, operator, value }: Part): string | null {
  const list = value.split(',').map((one) => one.trim());
  if ((operator === '>=') !== (key === 'days'))
    return key === 'days' ? 'Write days>=30.' : `Write ${key}=..., not ${key}>=....`;
  switch (key) {
    case 'state': {
      const unknown = list.find((one) => !(FEE_STATUSES as readonly string[]).includes(one));
      if (unknown !== undefined)
        return `There is no state “${unknown}”. The states are ${FEE_STATUSES.join(', ')}.`;
      selection.states = list as FeeStatus[];
      return null;
    }
    case 'decline':
      if (list.some((one) => !/^\w{1,64}$/.test(one))) return `“${value}” is no decline code.`;
      selection.declines = list;
      return null;
    case 'year':
      if (!/^20\d\d$/.test(value)) return `“${value}” is no year.`;
      selection.year = Number(value);
      return null;
    case 'days':
      if (!/^\d{1,4}$/.test(value)) return `“${value}” is no number of days.`;
      selection.minDays = Number(value);
      return null;
    case 'assessment':
      if (!UUID.test(value)) return `“${value}” is no id of an assessment.`;
      selection.assessmentId = value;
      return null;
    case 'vendor':
      selection.vendor = value;
      return null;
    case 'text':
      if (value.trim() === '') return 'The text is empty.';
      selection.text = value.trim();
      return null;
    default:
      return `There is no condition “${key}”: use ${KEYS.join(', ')}.`;
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const KEYS = ['state', 'decline', 'year', 'vendor', 'assessment', 'days', 'text'];

/** The selection as `parseWhere` reads it, for people; empty for every fee. */
export function whereOf(selection: FeeSelection): string {
  const { assessmentId, vendor, year, states, declines, minDays, text } = selection;
  return [
    states.length > 0 && `state=${states.join(',')}`,
    declines.length > 0 && `decline=${declines.join(',')}`,
    year !== null && `year=${year}`,
    vendor !== null && `vendor=${vendor}`,
    assessmentId !== null && `assessment=${assessmentId}`,
    minDays !== null && `days>=${minDays}`,
    text !== null && `text="${text.replaceAll('"', '')}"`,
  ]
    .filter((part) => part !== false)
    .join(' and ');
}
