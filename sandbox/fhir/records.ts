import type { Resource } from './search.ts';

const CPT = 'http://www.ama-assn.org/go/cpt';
const NPI = 'http://hl7.org/fhir/sid/us-npi';

/** A practitioner as an EHR's FHIR server holds one. */
export function practitioner(id: string, name: string, npi: string | null): Resource {
  return {
    resourceType: 'Practitioner',
    id,
    ...(npi && { identifier: [{ system: NPI, value: npi }] }),
    name: [{ text: name }],
  };
}

/** A claim of one service on one day, filed on that day unless said otherwise. */
export function claim(
  id: string,
  { by, code, day, created = day }: { by: string; code: string; day: string; created?: string },
): Resource {
  return {
    resourceType: 'Claim',
    id,
    status: 'active',
    use: 'claim',
    created,
    careTeam: [{ sequence: 1, provider: { reference: by } }],
    item: [
      {
        sequence: 1,
        careTeamSequence: [1],
        productOrService: { coding: [{ system: CPT, code }] },
        servicedDate: day,
      },
    ],
  };
}

/** A visit whose type is a code. */
export function encounter(
  id: string,
  { by, code, day }: { by: string; code: string; day: string },
): Resource {
  return {
    resourceType: 'Encounter',
    id,
    status: 'finished',
    type: [{ coding: [{ system: CPT, code }] }],
    participant: [{ individual: { reference: by } }],
    period: { start: `${day}T10:00:00-05:00` },
  };
}
