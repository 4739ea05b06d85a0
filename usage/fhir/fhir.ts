import { createPeople, isPerson, type Referred } from './people.ts';
import { type Use, usesIn } from './resources.ts';
import type { Clinician, Finding, Problem, Reader, Sink } from '../finding.ts';
import { createJsonSplit } from './json-split.ts';
import { type Json, list, record, text } from './json.ts';

/**
 * Findings held back until the practitioner they refer to has been read. Beyond this many the
 * oldest goes out with what is known, so that memory stays flat.
 */
const WAITING_MAX = 2000;

/** A batch of searches is a Bundle of Bundles; deeper is nobody's export. */
const BUNDLES_MAX = 8;

const RELEVANT = new Set([
  'Claim',
  'ExplanationOfBenefit',
  'Procedure',
  'ChargeItem',
  'Encounter',
  'Practitioner',
  'PractitionerRole',
  'Organization',
  'Bundle',
]);

interface Waiting {
  finding: Finding;
  who: Referred;
}

/**
 * Reads FHIR JSON, R4 and STU3: a Bundle, a single resource, a list, or bulk NDJSON. Findings
 * whose practitioner stands later in the file are handed over when it has been read, or at the
 * end; all others in the order of the file.
 */
export function createFhirReader(sink: Sink): Reader {
  const people = createPeople();
  let waiting: Waiting[] = [];
  let records = 0;

  function resource(value: Json, fullUrl: string | null, line: number, depth = 0): void {
    const fields = record(value);
    const type = text(fields?.resourceType);
    if (!fields || type === null) return;
    if (type === 'Bundle') {
      if (depth === BUNDLES_MAX) return sink(problem(line, 'json_broken', NESTED));
      return list(fields.entry).forEach((one) => entry(one, line, depth + 1));
    }
    records++;
    if (isPerson(type)) return people.add(fields, fullUrl);
    if (!RELEVANT.has(type)) return;
    const scope = `${type}/${text(fields.id) ?? records}`;
    // Contained practitioners are known inside this resource only.
    if (fields.contained !== undefined) addContained(fields.contained, scope);
    for (const use of usesIn(fields, scope)) found(use, scope, line);
    if (fields.contained !== undefined) people.forget(scope);
  }

  function addContained(contained: Json, scope: string): void {
    for (const one of list(contained).map(record))
      if (one && isPerson(text(one.resourceType) ?? '')) people.add(one, null, scope);
  }

  function entry(value: Json, line: number, depth = 0): void {
    const fields = record(value);
    if (fields) resource(fields.resource, text(fields.fullUrl), line, depth);
  }

  function found(use: Use, scope: string, line: number): void {
    const { code, modifiers, kind, date, certainty, rule, who, element } = use;
    const where = { line, resource: element === null ? scope : `${scope} ${element}` };
    const type = 'finding' as const;
    const clinician = NOBODY;
    const finding = { type, code, modifiers, kind, clinician, date, where, certainty, rule };
    if (who === null) return sink(finding);
    if (people.settled(who) || who.key?.startsWith(`${scope}#`)) return hand({ finding, who });
    waiting.push({ finding, who });
    if (waiting.length >= WAITING_MAX) release(waiting.length / 2);
  }

  function hand({ finding, who }: Waiting): void {
    finding.clinician = people.resolve(who);
    sink(finding);
  }

  function release(count: number): void {
    const ready = waiting.slice(0, count);
    waiting = waiting.slice(count);
    for (const one of ready) hand(one);
  }

  const split = createJsonSplit({
    object(json, line, whole) {
      const type = resourceTypeIn(json);
      if (type === null) return whole;
      if (type !== '' && !RELEVANT.has(type)) {
        records++;
        return true;
      }
      const value = parsed(json);
      if (value === undefined) return false;
      const fields = record(value);
      if (fields && 'resourceType' in fields) resource(value, null, line);
      else entry(value, line);
      return true;
    },
    broken: (line) => sink(problem(line, 'json_broken', BROKEN)),
    garbage: (line) => sink(problem(line, 'json_garbage', GARBAGE)),
    truncated: (line) => sink(problem(line, 'truncated', TRUNCATED)),
  });

  return {
    write: split.write,
    end() {
      split.end();
      release(waiting.length);
    },
    records: () => records,
  };
}

const NOBODY: Clinician = { npi: null, name: null, id: null };

const NESTED = 'Bundles inside of Bundles, deeper than any server writes them, were skipped.';
const BROKEN = 'This record is no valid JSON and was skipped. Export it again.';
const GARBAGE = 'Text that is no JSON was skipped. Check that the file is complete.';
const TRUNCATED =
  'The file ends in the middle of a record, which was not read. Export it again and send it whole.';

function problem(line: number, reason: string, message: string): Problem {
  return { type: 'problem', line, field: null, reason, message };
}

function parsed(json: string): Json {
  try {
    return JSON.parse(json) as Json;
  } catch {
    return undefined;
  }
}

/**
 * The one resource type named in the text; empty where several are, null where none is. Most of a
 * bulk export is patients and observations, which are then not worth parsing.
 */
function resourceTypeIn(json: string): string | null {
  // As good as every export begins so; what is contained matters only where the whole does.
  if (json.startsWith(USUAL)) return json.slice(USUAL.length, json.indexOf('"', USUAL.length));
  const first = json.indexOf(KEY);
  if (first < 0) return null;
  const open = json.indexOf('"', first + KEY.length);
  if (json.indexOf(KEY, open) >= 0) return '';
  return json.slice(open + 1, json.indexOf('"', open + 1));
}

const USUAL = '{"resourceType":"';
const KEY = '"resourceType"';
