import { describe, expect, test } from 'vitest';
import { codesIn, readAll } from './reading.ts';

const CPT = 'http://www.ama-assn.org/go/cpt';
const coded = (system: string | undefined, code: string) => ({ coding: [{ system, code }] });

/** A claim with one item, and whatever else is asked for. */
function claim(item: object = {}, rest: object = {}): Record<string, unknown> {
  return {
    resourceType: 'Claim',
    id: 'c1',
    status: 'active',
    use: 'claim',
    item: [{ sequence: 1, productOrService: coded(CPT, '90837'), ...item }],
    ...rest,
  };
}

const practitioner = {
  resourceType: 'Practitioner',
  id: 'pr-a',
  identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '2000000010' }],
  name: [{ family: 'Nakamura', given: ['Kei'] }],
};

const json = (value: unknown) => JSON.stringify(value);
const bundle = (...resources: object[]) => ({
  resourceType: 'Bundle',
  type: 'collection',
  entry: resources.map((resource) => ({ resource })),
});

describe('the coding system decides', () => {
  const found = async (system: string | undefined, code = '90837') =>
    (await readAll(json(claim({ productOrService: coded(system, code) })))).findings;

  test.each([
    CPT,
    'https://www.ama-assn.org/go/cpt',
    'http://www.ama-assn.org/go/cpt/',
    'urn:oid:2.16.840.1.113883.6.12',
    '2.16.840.1.113883.6.12',
    'CPT',
    'cpt-4',
    'http://example.org/CodeSystem/cpt',
    'http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets',
    'https://bluebutton.cms.gov/resources/codesystem/hcpcs',
    'urn:oid:2.16.840.1.113883.6.285',
  ])('%s is CPT, or HCPCS with a CPT code', async (system) => {
    expect(await found(system)).toMatchObject([{ code: '90837', certainty: 'sure' }]);
  });

  test.each([
    ['http://snomed.info/sct', '90837'],
    ['http://loinc.org', '90834'],
    ['http://hl7.org/fhir/sid/icd-9-cm', '29633'],
    ['http://www.ada.org/cdt', '90837'],
    ['https://bluebutton.cms.gov/resources/codesystem/hcpcs', 'H0004'],
    ['https://bluebutton.cms.gov/resources/codesystem/hcpcs', '99999'],
    [CPT, '00001'],
    ['http://harbor.example/local', '90837'],
    ['http://example.org/receipts', '90837'],
  ])('%s with %s is not', async (system, code) => {
    expect(await found(system, code)).toEqual([]);
  });

  test('without a system it is left to a person', async () => {
    expect(await found(undefined)).toMatchObject([{ certainty: 'weak' }]);
  });

  test('a modifier, masked or not, is never a use of its own', async () => {
    const modifier = [coded(CPT, '95'), coded(CPT, '99999'), coded(CPT, '90834')];
    const item = { productOrService: coded('http://x.example', 'H0004'), modifier };
    expect(await codesIn(json(claim(item)))).toEqual([]);
  });
});

describe('what was done counts, what was planned or asked for does not', () => {
  test.each(['preauthorization', 'predetermination', 'proposed', 'exploratory'])(
    'a claim for %s is none',
    async (use) => {
      expect(await codesIn(json(claim({}, { use })))).toEqual([]);
    },
  );

  test.each([['cancelled'], ['active'], ['draft']])('a claim that is %s is one', async (status) => {
    expect(await codesIn(json(claim({}, { status })))).toEqual(['90837']);
  });

  const procedure = { resourceType: 'Procedure', id: 'p1', code: coded(CPT, '90847') };
  test.each([
    [{ status: 'completed' }, ['90847']],
    [{ status: 'in-progress' }, ['90847']],
    [{ status: 'not-done' }, []],
    [{ status: 'entered-in-error' }, []],
    [{ status: 'completed', notDone: true }, []],
  ])('a procedure with %j: %j', async (state, codes) => {
    expect(await codesIn(json({ ...procedure, ...state }))).toEqual(codes);
  });

  test('orders, value sets and observations are none', async () => {
    const code = coded(CPT, '90837');
    for (const resourceType of ['ServiceRequest', 'ValueSet', 'Observation', 'CarePlan'])
      expect(await codesIn(json({ resourceType, id: 'x', code }))).toEqual([]);
  });

  test('a planned encounter is left to a person, a cancelled one is none', async () => {
    const visit = { resourceType: 'Encounter', id: 'e', type: [coded(CPT, '99213')] };
    const { findings } = await readAll(json({ ...visit, status: 'planned' }));
    expect(findings).toMatchObject([{ certainty: 'weak' }]);
    expect(await codesIn(json({ ...visit, status: 'cancelled' }))).toEqual([]);
  });
});

describe('the clinician', () => {
  const who = async (...resources: object[]) => {
    const { findings } = await readAll(json(bundle(...resources)));
    return findings.map((finding) => finding.clinician);
  };
  const member = (sequence: number, reference: string, role: string) => ({
    sequence,
    provider: { reference },
    role: { coding: [{ code: role }] },
  });

  test('is the item’s careTeam member, wherever in the file the practitioner stands', async () => {
    const careTeam = [
      member(1, 'Practitioner/pr-b', 'primary'),
      member(2, 'http://ehr.example/fhir/Practitioner/pr-a/_history/3', 'primary'),
    ];
    const one = claim({ careTeamSequence: [2] }, { careTeam });
    const kei = { npi: '2000000010', name: 'Kei Nakamura', id: 'pr-a' };
    expect(await who(one, practitioner)).toEqual([kei]);
    expect(await who(practitioner, one)).toEqual([kei]);
  });

  test('is who performed, not who supervised or referred', async () => {
    const careTeam = [
      member(1, 'Practitioner/pr-b', 'supervising'),
      member(2, 'Practitioner/pr-c', 'referring'),
      member(3, 'Practitioner/pr-a', 'performing'),
    ];
    expect(await who(practitioner, claim({}, { careTeam }))).toMatchObject([{ id: 'pr-a' }]);
  });

  test('is nobody where two fit equally well', async () => {
    const careTeam = [
      member(1, 'Practitioner/pr-a', 'primary'),
      member(2, 'Practitioner/pr-b', 'primary'),
    ];
    expect(await who(practitioner, claim({}, { careTeam }))).toEqual([
      { npi: null, name: null, id: null },
    ]);
  });

  test('is found through a PractitionerRole, a contained resource or an identifier', async () => {
    const role = {
      resourceType: 'PractitionerRole',
      id: 'r1',
      practitioner: { reference: 'Practitioner/pr-a' },
    };
    const byRole = claim({}, { provider: { reference: 'PractitionerRole/r1' } });
    const contained = claim(
      {},
      { contained: [{ ...practitioner, id: 'me' }], provider: { reference: '#me' } },
    );
    const identifier = { system: 'http://hl7.org/fhir/sid/us-npi', value: '2000000010' };
    const logical = claim({}, { provider: { identifier, display: 'Kei Nakamura' } });
    const query = 'Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|2000000010';
    const conditional = claim({}, { provider: { reference: query } });
    for (const one of [byRole, contained, logical, conditional])
      expect(await who(one, practitioner, role)).toMatchObject([
        { npi: '2000000010', name: 'Kei Nakamura' },
      ]);
  });

  test('contained in one resource is not taken for another’s of the same id', async () => {
    const contained = [{ ...practitioner, id: 'me' }];
    const provider = { reference: '#me' };
    const [, second] = await who(
      claim({}, { contained, provider }),
      claim({}, { id: 'c2', provider }),
    );
    expect(second).toMatchObject({ npi: null });
  });

  test('that is only an organisation is marked so', async () => {
    const org = { resourceType: 'Organization', id: 'o', name: 'Harbor Group' };
    expect(await who(claim({}, { provider: { reference: 'Organization/o' } }), org)).toEqual([
      { npi: null, name: 'Harbor Group', id: 'o', organisation: true },
    ]);
  });
});

describe('the service date', () => {
  test.each([
    [{ servicedDate: '2024-01-05' }, {}, '2024-01-05'],
    [{ servicedPeriod: { start: '2024-01-05T23:30:00-08:00' } }, {}, '2024-01-05'],
    [{}, { billablePeriod: { start: '2024-01-03', end: '2024-01-31' } }, '2024-01-03'],
    [{}, { created: '2024-02-01' }, null],
    [{ servicedDate: '2024-01' }, {}, null],
  ])('item %j, claim %j: %s', async (item, rest, date) => {
    const { findings } = await readAll(json(claim(item, rest)));
    expect(findings[0]?.date).toBe(date);
  });
});

describe('files as they really are', () => {
  const one = claim();
  const text = json(one);

  test.each([
    ['a single resource', text],
    ['a list', json([one])],
    ['NDJSON', `${json(practitioner)}\n${text}\n`],
    ['NDJSON with Windows line ends', `${json(practitioner)}\r\n${text}\r\n`],
    ['a pretty-printed Bundle', JSON.stringify(bundle(practitioner, one), null, 2)],
    ['a Bundle in a Bundle', json(bundle(bundle(one)))],
    [
      'a Bundle whose type comes last',
      json({ entry: [{ resource: one }], resourceType: 'Bundle' }),
    ],
    ['behind text that is no JSON', `exported 2024\n{ not json\n${text}\n`],
    ['before text that is no JSON', `${text}\n}{"]\nend\n`],
    ['behind a record that is broken', `{"resourceType":"Claim","id":"x\n${text}\n`],
    ['behind a record that never closes', `{"resourceType":"Claim","item":[{\n${text}\n`],
    ['two on a line', text + text],
    ['with quotes and braces in its texts', json(claim({}, { note: 'a "}{" \\ b' }))],
  ])('%s', async (_, file) => {
    expect([...new Set(await codesIn(file, { kind: 'fhir' }))]).toEqual(['90837']);
  });

  test('a Bundle larger than any buffer is read entry by entry', async () => {
    const filler = { resourceType: 'Patient', id: 'p', text: { div: 'x'.repeat(5_000_000) } };
    const file = json(bundle(filler, { ...one, id: 'c2' }, filler, one));
    const { findings } = await readAll(file);
    expect(findings.map((finding) => finding.where.resource)).toEqual([
      'Claim/c2 item 1',
      'Claim/c1 item 1',
    ]);
  });

  test('cut off in a record: what came before is read, and the cut is named', async () => {
    const file = JSON.stringify(bundle(one, { ...one, id: 'c2' }), null, 2);
    const { findings, problems } = await readAll(file.slice(0, file.lastIndexOf('90837')));
    expect(findings).toHaveLength(1);
    expect(problems.map((problem) => problem.reason)).toEqual(['truncated']);
  });
});
