import { cptCode, isAlphanumeric, modifier } from '../cpt.ts';
import type { Clinician, Finding } from '../finding.ts';
import type { Segment } from './segments.ts';

/** A CPT code and its modifiers out of one composite element. */
export interface Service {
  code: string;
  modifiers: string[];
}

/**
 * The service in a composite medical procedure identifier (`HC:90837:95`), or null if its
 * qualifier is not HC or its value is not CPT. HC also covers HCPCS Level II: the value decides.
 * The separator is the character after the qualifier: real files contradict their own ISA16.
 */
export function service(composite: string): Service | null {
  const text = composite.trim();
  if (text.length < 8 || !isHc(text)) return null;
  const separator = text.charAt(2);
  if (isAlphanumeric(separator.charCodeAt(0))) return null;
  const end = text.indexOf(separator, 3);
  const code = cptCode((end < 0 ? text.slice(3) : text.slice(3, end)).trim());
  if (!code) return null;
  const modifiers: string[] = [];
  const rest = end < 0 ? [] : text.slice(end + 1).split(separator, 4);
  for (const part of rest) {
    const found = modifier(part.trim());
    if (found) modifiers.push(found);
  }
  return { code, modifiers };
}

/** The qualifier is HC, in capitals or not. */
function isHc(text: string): boolean {
  return (text.charCodeAt(0) | 32) === 104 && (text.charCodeAt(1) | 32) === 99;
}

/** Qualifiers of NM108 and N103 whose value is a tax or social security number: never kept. */
const TAX_NUMBERS = new Set(['24', '34', 'FI', 'EI', 'SY', 'TJ']);

/** The clinician of an NM1 segment. Entity type 2 is an organisation. */
export function fromNm1(elements: string[]): Clinician {
  const organisation = cell(elements, 2) === '2';
  const [last, first, middle] = [cell(elements, 3), cell(elements, 4), cell(elements, 5)];
  const name = organisation ? last : [first, middle, last].filter(Boolean).join(' ');
  return named(name, cell(elements, 8), cell(elements, 9), organisation);
}

/**
 * The payee of an 835's N1 segment, which does not say whether it is a person. It stands for the
 * clinician only where no NM1*82 names another, so a solo practice's payee is its clinician.
 */
export function fromN1(elements: string[]): Clinician {
  return named(cell(elements, 2), cell(elements, 3), cell(elements, 4), false);
}

function cell(elements: string[], index: number): string {
  return (elements[index] ?? '').trim();
}

function named(name: string, qualifier: string, id: string, organisation: boolean): Clinician {
  const npi = qualifier === 'XX' && id !== '' ? id : null;
  const other = npi === null && id !== '' && qualifier !== '' && !TAX_NUMBERS.has(qualifier);
  return {
    npi,
    name: name === '' ? null : name,
    id: other ? id : null,
    ...(organisation ? { organisation: true as const } : {}),
  };
}

export const NOBODY: Clinician = { npi: null, name: null, id: null };

/** The use of a code that a segment stands for. `rule` says by which element and whose loop. */
export function useOf(
  { code, modifiers }: Service,
  segment: Segment,
  whose: { clinician: Clinician; date: string | null; rule: string },
): Finding {
  const where = { line: segment.line, segment: `${segment.number} ${segment.tag}` };
  return { type: 'finding', code, modifiers, kind: 'billing', where, certainty: 'sure', ...whose };
}
