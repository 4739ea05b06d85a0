import { cptCode, isLetter, modifier } from '../cpt.ts';
import type { Certainty } from '../finding.ts';
import { type Json, list, record, text } from './json.ts';
import { remembered } from './remembered.ts';

/** A CPT code out of a CodeableConcept, and how its coding system made it one. */
export interface Coded {
  code: string;
  certainty: Certainty;
  /** `cpt`, `hcpcs` (Level I is CPT; the code's own form decides) or `no_system`. */
  basis: 'cpt' | 'hcpcs' | 'no_system';
}

const CPT_OID = '2.16.840.1.113883.6.12';
/** HCPCS Level II, and the retired naming system for both levels. */
const HCPCS_OIDS = ['2.16.840.1.113883.6.285', '2.16.840.1.113883.6.14'];

/**
 * The CPT codes of a CodeableConcept, each once. A code without a coding system is weak: what it
 * means is for a person to say. Systems of other code sets never count, whatever the code.
 */
export function cptIn(concept: Json): Coded[] {
  const found: Coded[] = [];
  for (const coding of list(record(concept)?.coding)) {
    const fields = record(coding);
    const written = text(fields?.code);
    if (!fields || written === null) continue;
    const code = cptCode(written.trim());
    const basis = code ? systemOf(text(fields.system)) : null;
    if (!code || !basis) continue;
    const known = found.find((other) => other.code === code);
    const certainty = basis === 'no_system' ? 'weak' : 'sure';
    if (!known) found.push({ code, certainty, basis });
    else if (known.certainty === 'weak') Object.assign(known, { certainty, basis });
  }
  return found;
}

/** Two-character modifiers of an item, of any code system; masked values have another length. */
export function modifiersIn(concepts: Json): string[] {
  const found: string[] = [];
  for (const concept of list(concepts))
    for (const coding of list(record(concept)?.coding)) {
      const value = modifier((text(record(coding)?.code) ?? '').trim());
      if (value && !found.includes(value)) found.push(value);
    }
  return found;
}

/** What a coding system says about a code that has the form of CPT; null: another code set. */
const systemNamed = remembered((system: string): Coded['basis'] | null => {
  const name = system.trim().toLowerCase();
  const bare = name.startsWith('urn:oid:') ? name.slice(8) : name;
  if (bare === CPT_OID || name.includes('ama-assn.org/go/cpt') || namesCpt(name)) return 'cpt';
  return HCPCS_OIDS.includes(bare) || name.includes('hcpcs') ? 'hcpcs' : null;
});

function systemOf(system: string | null): Coded['basis'] | null {
  return system === null || system.trim() === '' ? 'no_system' : systemNamed(system);
}

/** `CPT`, `cpt-4`, `.../sid/cpt`, `urn:cpt4`: the word, not letters inside another. */
function namesCpt(name: string): boolean {
  for (let at = name.indexOf('cpt'); at >= 0; at = name.indexOf('cpt', at + 3)) {
    const alone = !isLetter(name.charCodeAt(at - 1)) && !isLetter(name.charCodeAt(at + 3));
    if (alone) return true;
  }
  return false;
}
