/** Generated records for measuring the readers: code-shaped numbers, invented people. */

const PEOPLE = ['Dana Whitlock', 'Marcus Oyelaran', 'Tara Brandvold', 'Kei Nakamura'];
const CODES = ['90837', '90834', '90791', '90847', '90853'];
const SENTENCES = [
  'Client reported increased worry about a review at work and slept about five hours a night.',
  'Explored the thoughts that come up before meetings and how they fit with earlier experiences.',
  'Practised slow breathing together; client found it easier to stay with the exercise today.',
  'Mood appeared somewhat low, affect congruent, speech clear, thinking organised and linear.',
  'Agreed to keep a short diary of situations that felt difficult and to bring it next time.',
  'No thoughts of self-harm were reported and the safety plan from the intake remains in place.',
];

/** One piece of generated input: text, and the same in bytes. */
export type Maker = (i: number) => string;

/** A progress note of about 1.5 kB with one code, a postal code and several other numbers. */
export const note: Maker = (i) => {
  const person = PEOPLE[i % PEOPLE.length]!;
  const day = String((i % 27) + 1).padStart(2, '0');
  const body = Array.from({ length: 12 }, (_, n) => SENTENCES[(i + n) % SENTENCES.length]);
  return [
    'PROGRESS NOTE',
    `Client: J. R.   DOB: 04/12/1988   Client ID: ${40_000 + (i % 9000)}`,
    `Date of service: 02/${day}/2024   Start 10:02 AM  End 10:56 AM`,
    `Clinician: ${person}, LMFT   NPI 20000000${10 + (i % 80)}`,
    `CPT: ${CODES[i % CODES.length]}   Dx: F41.1   Location: Long Beach, CA 90804`,
    `D: ${body.slice(0, 5).join(' ')}`,
    `A: GAD-7 = 13 (down from 16). ${body.slice(5, 9).join(' ')}`,
    `P: ${body.slice(9).join(' ')} Next appt 03/${day}/2024.`,
    `Electronically signed by ${person}, LMFT 02/${day}/2024 11:20`,
    '',
    '',
  ].join('\n');
};

/** One claim of an 837P with two service lines. */
export const claim837: Maker = (i) => {
  const [first, last] = PEOPLE[i % PEOPLE.length]!.toUpperCase().split(' ');
  const day = String((i % 27) + 1).padStart(2, '0');
  return [
    `HL*${i + 2}*1*22*0`,
    'SBR*P*18*GRP90837******CI',
    'NM1*IL*1*DOE*JANE****MI*MEM90834',
    'N3*12034 NE 8TH ST',
    'N4*LONG BEACH*CA*90804',
    'DMG*D8*19880412*F',
    'NM1*PR*2*OPTUM*****PI*87726',
    `CLM*${40_000 + i}*350***11:B:1*Y*A*Y*Y`,
    'REF*G1*9083700',
    'HI*ABK:F411',
    `NM1*82*1*${last}*${first}****XX*20000000${10 + (i % 80)}`,
    'PRV*PE*PXC*106H00000X',
    'LX*1',
    `SV1*HC:${CODES[i % CODES.length]}*175*UN*1***1`,
    `DTP*472*D8*202303${day}`,
    `REF*6R*${90_000 + (i % 9000)}`,
    'LX*2',
    'SV1*HC:H0004:HQ*150*UN*1*10**1',
    `DTP*472*D8*202303${day}`,
    'REF*6R*90832',
    '',
  ].join('~\n');
};

/** What stands before the first claim of an 837P. */
export const HEAD_837 = [
  'ISA*00*          *00*          *ZZ*SENDERID       *ZZ*RECEIVERID     *240115*1200*^*00501*' +
    '000000101*0*P*:',
  'GS*HC*SENDERID*RECEIVERID*20240115*1200*1*X*005010X222A1',
  'ST*837*0001*005010X222A1',
  'BHT*0019*00*REF001*20240115*1200*CH',
  'HL*1**20*1',
  'NM1*85*2*HARBOR COUNSELING GROUP*****XX*2000000903',
  '',
].join('~\n');

/** One Claim resource as a line of NDJSON. */
export const claimLine: Maker = (i) => {
  const coding = (system: string, code: string) => ({ coding: [{ system, code }] });
  return `${JSON.stringify({
    resourceType: 'Claim',
    id: `c${i}`,
    status: 'active',
    type: coding('http://terminology.hl7.org/CodeSystem/claim-type', 'professional'),
    use: 'claim',
    patient: { reference: `Patient/p${i % 5000}` },
    created: '2024-02-01',
    provider: { reference: 'Organization/org1' },
    priority: coding('http://terminology.hl7.org/CodeSystem/processpriority', 'normal'),
    careTeam: [
      {
        sequence: 1,
        provider: { reference: `Practitioner/pr-${i % 40}`, display: PEOPLE[i % PEOPLE.length] },
        role: coding('http://terminology.hl7.org/CodeSystem/claimcareteamrole', 'primary'),
      },
    ],
    diagnosis: [
      {
        sequence: 1,
        diagnosisCodeableConcept: coding('http://hl7.org/fhir/sid/icd-10-cm', 'F41.1'),
      },
    ],
    insurance: [{ sequence: 1, focal: true, coverage: { reference: 'Coverage/90837' } }],
    item: [
      {
        sequence: 1,
        productOrService: coding('http://www.ama-assn.org/go/cpt', CODES[i % CODES.length]!),
        quantity: { value: 1 },
        unitPrice: { value: 175, currency: 'USD' },
        servicedDate: '2024-01-05',
        careTeamSequence: [1],
      },
    ],
  })}\n`;
};

export const HEAD_CSV =
  'Date of Service,Client,Clinician,Billing Code,Primary Insurance,Rate per Unit,Units,Total Fee,' +
  'Progress Note Status,Client Payment Status,Charge,Uninvoiced,Paid,Unpaid\n';

/** One row of an appointment report, every eighth with a quoted cell. */
export const csvRow: Maker = (i) => {
  const client = i % 8 === 0 ? `"Doe, Jane ${i}"` : `Client ${i}`;
  const day = String((i % 27) + 1).padStart(2, '0');
  const code = CODES[i % CODES.length]!;
  return (
    `02/${day}/2024 12:00,${client},${PEOPLE[i % PEOPLE.length]},${code},Tricare East (99727),` +
    `130.0,1,130.0,LOCKED,PAID,30.0,0.0,30.0,0.0\n`
  );
};

/** Joins pieces until they make at least `bytes`, behind a head. */
export function sample(make: Maker, bytes: number, head = ''): Buffer {
  const pieces = [head];
  for (let i = 0, length = 0; length < bytes; i++) {
    const piece = make(i);
    pieces.push(piece);
    length += piece.length;
  }
  return Buffer.from(pieces.join(''));
}
