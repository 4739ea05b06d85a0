/**
 * An 837P claim file (005010X222A1) as a clearinghouse gives it: a group practice with a rendering
 * provider per claim, a provider who bills alone, and one named on the service line only.
 */
import { people } from './people.ts';
import type { Person } from './people.ts';
import { inventedNpi } from './npi.ts';

/** The claim file. */
export function claimFile(): string {
  const group = people.filter(({ use, name }) => use.claims && name !== ALONE);
  const alone = people.filter(({ name }) => name === ALONE);
  const body = [
    'BHT*0019*00*SAMPLE01*20261102*0915*CH',
    'NM1*41*2*TIDEWATER COUNSELING GROUP*****46*SANDBOX1',
    'PER*IC*BILLING DESK*TE*5555550110',
    'NM1*40*2*SANDBOX CLEARINGHOUSE*****46*SANDBOX2',
    ...billing(1, '2', 'TIDEWATER COUNSELING GROUP', inventedNpi(900)),
    ...group.flatMap((person, at) => claimOf(person, at, at + 2, 1)),
    ...strangers(group.length + 2),
    ...alone.flatMap((person) => [
      ...billing(group.length + 4, '1', surnameFirst(person.name), person.npi ?? ''),
      ...claimOf(person, 70, group.length + 5, group.length + 4),
    ]),
  ];
  const set = ['ST*837*0001*005010X222A1', ...body];
  const segments = [
    'ISA*00*          *00*          *ZZ*TIDEWATER      *ZZ*SANDBOX        ' +
      '*261102*0915*^*00501*000000001*0*T*:',
    'GS*HC*TIDEWATER*SANDBOX*20261102*0915*1*X*005010X222A1',
    ...set,
    `SE*${set.length + 1}*0001`,
    'GE*1*1',
    'IEA*1*000000001',
  ];
  return segments.map((segment) => `${segment}~\n`).join('');
}

/** Who bills in their own name, so that no rendering provider is written. */
const ALONE = 'Hollis Tran';
/** Whose claim names a supervisor; the service line names who really worked. */
const ON_THE_LINE = 'Beatrix Lindqvist';
const CODES = ['90834', '90837', '90791'];

function claimOf(person: Person, at: number, level: number, parent: number): string[] {
  const days = person.use.claims ?? [];
  const rendering = `NM1*82*1*${surnameFirst(person.name)}****XX*${person.npi}`;
  const supervisor = `NM1*82*1*MARSH*GIDEON****XX*${inventedNpi(901)}`;
  const onTheLine = person.name === ON_THE_LINE;
  const claim = person.name === ALONE ? [] : [onTheLine ? supervisor : rendering];
  return [
    ...subscriber(level, parent, at),
    `CLM*S${4000 + at}*${150 * days.length}***11:B:1*Y*A*Y*Y`,
    'HI*ABK:F411',
    ...claim,
    ...days.flatMap((day, line) => [
      `LX*${line + 1}`,
      `SV1*HC:${CODES[(at + line) % CODES.length]}*150*UN*1***1`,
      `DTP*472*D8*${day.replaceAll('-', '')}`,
      ...(onTheLine ? [rendering] : []),
    ]),
  ];
}

/** Lines that must prove nothing: a clinician nobody knows, and a code that is not CPT. */
function strangers(level: number): string[] {
  const withoutCpt = people.find(({ name }) => name === 'Winifred Sato');
  return [
    ...subscriber(level, 1, 60),
    'CLM*S4060*150***11:B:1*Y*A*Y*Y',
    'HI*ABK:F411',
    `NM1*82*1*STRANGER*PAT****XX*${inventedNpi(999)}`,
    'LX*1',
    'SV1*HC:90834*150*UN*1***1',
    'DTP*472*D8*20260205',
    ...subscriber(level + 1, 1, 61),
    'CLM*S4061*60***11:B:1*Y*A*Y*Y',
    'HI*ABK:F411',
    `NM1*82*1*SATO*WINIFRED****XX*${withoutCpt?.npi ?? ''}`,
    'LX*1',
    'SV1*HC:H0004:HQ*60*UN*4***1',
    'DTP*472*D8*20260206',
  ];
}

function billing(level: number, kind: '1' | '2', name: string, npi: string): string[] {
  return [
    `HL*${level}**20*1`,
    'PRV*BI*PXC*251S00000X',
    kind === '2' ? `NM1*85*2*${name}*****XX*${npi}` : `NM1*85*1*${name}****XX*${npi}`,
    'N3*12 HARBOR WAY',
    'N4*SAMPLETON*CA*90802',
    'REF*EI*000000000',
  ];
}

function subscriber(level: number, parent: number, at: number): string[] {
  return [
    `HL*${level}*${parent}*22*0`,
    'SBR*P*18*******CI',
    `NM1*IL*1*CLIENT*NUMBER ${at}****MI*SANDBOX${at}`,
    'N3*1 EXAMPLE ST',
    'N4*SAMPLETON*CA*90804',
    'DMG*D8*19900101*U',
    'NM1*PR*2*SAMPLE PAYER*****PI*87726',
  ];
}

/** `Zoë de Wit` as X12 writes people: surname, then first names, in capitals without accents. */
function surnameFirst(name: string): string {
  const plain = name.normalize('NFD').replace(/[^A-Za-z' -]/g, '');
  const [first = '', ...last] = plain.toUpperCase().split(' ');
  return `${last.join(' ')}*${first}`;
}
