import { describe, expect, test } from 'vitest';
import { createMatcher } from '../../usage/clinician-match.ts';
import { readAll } from './reading.ts';

// One case for each line of docs/decisions/0003-what-counts-as-use.md.

const ROW = 'Date of Service,Clinician,Status,CPT Code\n2026-02-03,Ann Lee,';
const CPT = 'http://www.ama-assn.org/go/cpt';
const line = (provider: string) =>
  `ST*837*0001~HL*1**20*1~NM1*85*2*HARBOR GROUP*****XX*2000000051~CLM*A*150***11:B:1*Y*A*Y*Y~` +
  `${provider}LX*1~SV1*HC:90837*150*UN*1***1~DTP*472*D8*20260203~SE*9*0001~`;
const fhir = (resource: object) => JSON.stringify(resource);
const coded = (code: string, system: string | null = CPT) => ({
  coding: [{ ...(system && { system }), code }],
});
const claim = (rest: object) =>
  fhir({
    resourceType: 'Claim',
    use: 'claim',
    item: [{ productOrService: coded('90837'), servicedDate: '2026-02-03' }],
    ...rest,
  });

describe('a record', () => {
  test.each<[string, string, 'sure' | 'weak' | 'no use']>([
    ['of a denied claim', `${ROW}Denied,90837\n`, 'sure'],
    ['of a voided claim', `${ROW}Void,90837\n`, 'sure'],
    ['of a cancelled claim resource', claim({ status: 'cancelled' }), 'sure'],
    ['of a cancelled session', `${ROW}Cancelled,90837\n`, 'no use'],
    ['of a missed session', `${ROW}No Show,90837\n`, 'no use'],
    ['that was deleted', `${ROW}Deleted,90837\n`, 'no use'],
    ['in a fee schedule', 'CPT Code,Description,Fee\n90837,Session,150.00\n', 'no use'],
    ['of an authorisation', 'Client,CPT Code,Authorized Units\nAnn,90837,12\n', 'no use'],
    ['of a preauthorisation', claim({ use: 'preauthorization' }), 'no use'],
    [
      'of an order',
      fhir({ resourceType: 'ServiceRequest', status: 'active', code: coded('90837') }),
      'no use',
    ],
    [
      'of a planned visit',
      fhir({ resourceType: 'Encounter', status: 'planned', type: [coded('90837')] }),
      'weak',
    ],
    [
      'under no coding system',
      fhir({ resourceType: 'Procedure', status: 'completed', code: coded('90837', null) }),
      'weak',
    ],
    [
      'that was not done',
      fhir({ resourceType: 'Procedure', status: 'not-done', code: coded('90837') }),
      'no use',
    ],
    ['that denies it', 'Did not bill CPT 90837 for this session.\n', 'weak'],
    ['that makes it conditional', 'Would have been CPT 90837 if it had run over.\n', 'weak'],
    [
      'with a CPT modifier on another code',
      claim({
        item: [{ productOrService: coded('H0004', 'urn:hcpcs'), modifier: [coded('95')] }],
      }),
      'no use',
    ],
    ['with a placeholder', `${ROW}Kept,99999\n`, 'no use'],
  ])('%s: %s', async (_, content, expected) => {
    const { findings } = await readAll(content);
    expect(findings.map((one) => one.certainty)).toEqual(expected === 'no use' ? [] : [expected]);
  });
});

describe('whose it is', () => {
  const roster = [
    { clinicianId: 'ann', npi: '2000000010', ref: 'A', name: 'Ann Lee' },
    { clinicianId: 'group', npi: '2000000051', ref: 'G', name: 'Harbor Group' },
  ];
  const matched = async (content: string) => {
    const { findings } = await readAll(content);
    expect(findings).toHaveLength(1);
    return createMatcher(roster)(findings[0]!.clinician);
  };

  test('a claim with nothing but the group’s NPI is nobody’s', async () => {
    expect(await matched(line(''))).toEqual({ unknown: true });
  });

  test('the rendering clinician’s, not the supervisor’s', async () => {
    const both = 'NM1*DQ*1*BOSS*BIG****XX*2000000069~NM1*82*1*LEE*ANN****XX*2000000010~';
    expect(await matched(line(both))).toEqual({ clinicianId: 'ann', by: 'npi' });
  });
});
