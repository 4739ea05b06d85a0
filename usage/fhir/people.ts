import type { Clinician } from '../finding.ts';
import { type Json, list, record, text } from './json.ts';
import { remembered } from './remembered.ts';

const NPI_OID = '2.16.840.1.113883.4.6';
/** Clinicians remembered of one file. A practice has few; the limit keeps memory flat. */
const PEOPLE_MAX = 100_000;
/** Practitioner, by way of a PractitionerRole: no chain is longer. */
const HOPS_MAX = 3;

type Known = Clinician & { practitioner: string | null };

/** A clinician a resource refers to: what the reference itself says, and what it points to. */
export interface Referred {
  clinician: Clinician;
  /** The key to look up, or null where the reference names nothing to look up. */
  key: string | null;
}

/** Remembers the practitioners, roles and organisations of a file and resolves references. */
export function createPeople() {
  const known = new Map<string, Known>();

  function resolve({ clinician, key }: Referred): Clinician {
    let found = key === null ? undefined : known.get(key);
    let name = clinician.name;
    let id = clinician.id;
    let npi = clinician.npi;
    let organisation = clinician.organisation;
    for (let hop = 0; found && hop < HOPS_MAX; hop++) {
      npi ??= found.npi;
      name = found.name ?? name;
      id = found.id ?? id;
      organisation ??= found.organisation;
      found = found.practitioner === null ? undefined : known.get(found.practitioner);
    }
    return { npi, name, id, ...(organisation ? { organisation } : {}) };
  }

  return {
    /** Remembers a Practitioner, PractitionerRole or Organization under its id and full URL. */
    add(resource: Record<string, Json>, fullUrl: string | null, scope = ''): void {
      const person = describe(resource, scope);
      const id = text(resource.id);
      const type = text(resource.resourceType) ?? '';
      const keys = [
        id === null ? null : scope === '' ? `${type}/${id}` : `${scope}#${id.replace(/^#/, '')}`,
        fullUrl,
        person.npi === null ? null : `${type}?npi=${person.npi}`,
      ];
      for (const key of keys) if (key !== null && known.size < PEOPLE_MAX) known.set(key, person);
    },
    resolve,
    /** True where looking up again later cannot say more. */
    settled: (who: Referred): boolean =>
      who.key === null ||
      (who.clinician.npi !== null && who.clinician.name !== null) ||
      known.has(who.key),
    /** Forgets the contained resources of one parent. */
    forget(scope: string): void {
      for (const key of known.keys()) if (key.startsWith(`${scope}#`)) known.delete(key);
    },
  };
}

/** True for the resources a directory of clinicians is made of. */
export function isPerson(type: string): boolean {
  return type === 'Practitioner' || type === 'PractitionerRole' || type === 'Organization';
}

/**
 * The clinician a Reference means; null where it means a patient or a relative. `scope` names
 * the resource the reference stands in, for `#contained` ones.
 */
export function referred(reference: Json, scope: string): Referred | null {
  const fields = record(reference);
  if (!fields) return null;
  const target = text(fields.reference);
  const named = target === null ? NO_TARGET : targetOf(target);
  const type = text(fields.type) ?? named.type;
  if (type === 'Patient' || type === 'RelatedPerson' || type === 'Device') return null;
  const npi = npiIn(fields.identifier) ?? named.npi;
  const name = text(fields.display);
  const clinician: Clinician = {
    npi,
    name: name === '' ? null : name,
    id: named.id,
    ...(type === 'Organization' ? { organisation: true as const } : {}),
  };
  const key = target === null ? null : keyOf(target, scope, type, npi);
  return key === null && npi === null && clinician.name === null ? null : { clinician, key };
}

interface Target {
  type: string | null;
  id: string | null;
  npi: string | null;
}

const NO_TARGET: Target = { type: null, id: null, npi: null };

/** What a reference says by itself. */
const targetOf = remembered((target): Target => ({
  type: typeOf(target),
  id: idOf(target),
  npi: npiInQuery(target),
}));

function describe(resource: Record<string, Json>, scope: string): Known {
  const type = text(resource.resourceType);
  const role = type === 'PractitionerRole' ? record(resource.practitioner) : null;
  const target = role ? text(role.reference) : null;
  return {
    npi: npiIn(resource.identifier) ?? (role ? npiIn(role.identifier) : null),
    name: role ? text(role.display) : nameOf(resource.name),
    id: scope === '' && !role ? text(resource.id) : null,
    practitioner: target === null ? null : keyOf(target, scope, typeOf(target), null),
    ...(type === 'Organization' ? { organisation: true as const } : {}),
  };
}

/** `Practitioner/a` out of a relative or absolute reference; urn: and other URLs stay whole. */
function keyOf(target: string, scope: string, type: string | null, npi: string | null): string {
  if (target.startsWith('#')) return `${scope}${target}`;
  if (npi !== null && target.includes('?')) return `${type ?? 'Practitioner'}?npi=${npi}`;
  if (target.startsWith('urn:')) return target;
  const path = withoutVersion(target);
  return path.slice(path.lastIndexOf('/', path.lastIndexOf('/') - 1) + 1);
}

function withoutVersion(target: string): string {
  const version = target.indexOf('/_history/');
  return version < 0 ? target : target.slice(0, version);
}

function typeOf(target: string | null): string | null {
  if (target === null || target.startsWith('#') || target.startsWith('urn:')) return null;
  const query = target.indexOf('?');
  const path = query >= 0 ? target.slice(0, query) : withoutVersion(target);
  const end = query >= 0 ? path.length : path.lastIndexOf('/');
  return end < 0 ? null : path.slice(path.lastIndexOf('/', end - 1) + 1, end);
}

/** The id a system gave the person: of use only where it is a name of theirs, not a random one. */
function idOf(target: string | null): string | null {
  if (target === null || target.startsWith('#') || target.startsWith('urn:')) return null;
  if (target.includes('?')) return null;
  const path = withoutVersion(target);
  return path.slice(path.lastIndexOf('/') + 1);
}

function npiIn(identifiers: Json): string | null {
  for (const identifier of list(identifiers)) {
    const fields = record(identifier);
    const system = text(fields?.system)?.toLowerCase() ?? '';
    const value = text(fields?.value)?.trim() ?? '';
    if (value !== '' && (isNpiSystem(system) || isNpiType(fields?.type, system))) return value;
  }
  return null;
}

function isNpiSystem(system: string): boolean {
  return system.endsWith('us-npi') || system.includes(NPI_OID) || /\bnpi\b/.test(system);
}

function isNpiType(type: Json, system: string): boolean {
  const codes = list(record(type)?.coding).map((coding) => text(record(coding)?.code));
  return codes.some((code) => code?.toLowerCase() === 'npi') && !system.includes('tax');
}

/** A conditional reference: `Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|2000000010`. */
function npiInQuery(target: string | null): string | null {
  const bar = target?.includes('us-npi')
    ? Math.max(target.indexOf('|'), target.indexOf('%7C'))
    : -1;
  if (!target || bar < 0) return null;
  const digits = /^\d{10}/.exec(target.slice(bar).replace(/^(?:\||%7C)/, ''));
  return digits ? digits[0] : null;
}

/** An organisation's name, or of a person's names the official one, given names first. */
function nameOf(name: Json): string | null {
  if (typeof name === 'string') return name;
  const names = list(name)
    .map(record)
    .filter((one) => one !== null);
  const best = names.find((one) => one.use === 'official') ?? names.find((o) => o.use !== 'old');
  if (!best) return null;
  const given = Array.isArray(best.given) ? best.given.map(text) : [text(best.given)];
  // STU3 servers converted from DSTU2 still write a list of family names.
  const family = Array.isArray(best.family) ? best.family.map(text) : [text(best.family)];
  const parts = [...given, ...family].filter((part) => part !== null && part !== '');
  return parts.length > 0 ? parts.join(' ') : text(best.text);
}
