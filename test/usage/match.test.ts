import { describe, expect, test } from 'vitest';
import { createMatcher } from '../../usage/clinician-match.ts';

const person = (clinicianId: string, name: string, npi: string | null = null, ref = '') => ({
  clinicianId,
  npi,
  ref: ref || `ref-${clinicianId}`,
  name,
});
const who = (name: string | null, npi: string | null = null, id: string | null = null) => ({
  npi,
  name,
  id,
});
const UNKNOWN = { unknown: true };
const byName = (clinicianId: string) => ({ clinicianId, by: 'name' });

describe('an NPI', () => {
  const match = createMatcher([
    person('a', 'Dana Whitlock', '2000000010'),
    person('b', 'Marcus Oyelaran', '2000000028'),
    person('c', 'Tara Brandvold'),
  ]);

  test('decides, whatever the name', () => {
    expect(match(who('Marcus Oyelaran', '2000000010'))).toEqual({ clinicianId: 'a', by: 'npi' });
    expect(match(who(null, ' 2000000028 '))).toEqual({ clinicianId: 'b', by: 'npi' });
  });

  test('that contradicts the roster makes a namesake a stranger', () => {
    expect(match(who('Dana Whitlock', '2000000999'))).toEqual(UNKNOWN);
  });

  test('the roster does not know leaves the name to decide where it knows none', () => {
    expect(match(who('Tara Brandvold', '2000000999'))).toEqual(byName('c'));
  });

  test('of another form says nothing', () => {
    expect(match(who('Dana Whitlock', '888HF444'))).toEqual(byName('a'));
  });

  test('two on the roster share is for a person to sort out', () => {
    const shared = createMatcher([
      person('a', 'A B', '2000000010'),
      person('b', 'C D', '2000000010'),
    ]);
    expect(shared(who('A B', '2000000010'))).toEqual({ ambiguous: ['a', 'b'] });
  });
});

describe('an organisation', () => {
  test('is nobody, even with an NPI or a name on the roster', () => {
    const match = createMatcher([person('a', 'Dana Whitlock', '2000000010')]);
    const group = { ...who('Dana Whitlock', '2000000010'), organisation: true as const };
    expect(match(group)).toEqual(UNKNOWN);
  });
});

describe('a reference', () => {
  const match = createMatcher([
    person('a', 'Dana Whitlock', '2000000010', 'U-17'),
    person('b', 'Marcus Oyelaran', null, '4'),
  ]);

  test('decides where there is no NPI', () => {
    expect(match(who(null, null, 'u-17'))).toEqual({ clinicianId: 'a', by: 'ref' });
    expect(match(who('M. Oyelaran', null, '4'))).toEqual({ clinicianId: 'b', by: 'ref' });
  });

  test('that meets another name is for a person to sort out', () => {
    expect(match(who('Dana Whitlock', null, '4'))).toEqual({ ambiguous: ['b', 'a'] });
    expect(match(who('Somebody Else', null, '4'))).toEqual({ ambiguous: ['b'] });
  });
});

describe('a name', () => {
  const match = createMatcher([
    person('a', 'Dana Whitlock, LMFT'),
    person('b', 'Ren\u00e9e \u00d8rsted-Garc\u00eda'),
    person('c', 'Maria De La Cruz'),
    person('d', "Sean O'Brien Jr."),
    person('e', 'Ann Lee'),
    person('f', 'Ann M. Lee'),
    person('g', 'John A. Smith'),
    person('h', 'John B. Smith'),
  ]);

  test.each([
    ['Dana Whitlock', 'a'],
    ['DANA WHITLOCK', 'a'],
    ['Whitlock, Dana', 'a'],
    ['Whitlock, Dana LMFT', 'a'],
    ['Dr. Dana  Whitlock, PsyD, LMFT', 'a'],
    ['Dana R. Whitlock', 'a'],
    ['Whitlock, Dana "Dee"', 'a'],
    ['Renee Orsted Garcia', 'b'],
    ['\u00d8rsted-Garc\u00eda, Ren\u00e9e', 'b'],
    ['de la Cruz, Maria', 'c'],
    ['Maria de la Cruz', 'c'],
    ['Sean OBrien', 'd'],
    ['O\u2019Brien, Sean, Jr', 'd'],
    ['Ann M Lee', 'f'],
    ['John Arthur Smith', 'g'],
    ['Smith, John B', 'h'],
  ])('%s is the one on the roster', (name, id) => {
    expect(match(who(name))).toEqual(byName(id));
  });

  test.each([
    ['John Smith', ['g', 'h']],
    ['Ann Lee', ['e', 'f']],
    ['D. Whitlock', ['a']],
    ['Whitlock, D', ['a']],
  ])('%s is listed, not guessed', (name, ids) => {
    expect(match(who(name))).toEqual({ ambiguous: ids });
  });

  test.each([
    'Whitlock',
    'Dana',
    'Whitlock Dana',
    'Daniel Whitlock',
    'John C. Smith',
    'Maria Cruz',
    'Sean O\u2019Brien Sr.',
    'Dana Whitlock Counseling Group',
    '',
    ', ,',
    'N/A',
  ])('%j is nobody', (name) => {
    expect(match(who(name))).toEqual(UNKNOWN);
  });

  test('on an empty roster is nobody', () => {
    expect(createMatcher([])(who('Dana Whitlock', '2000000010', 'x'))).toEqual(UNKNOWN);
  });
});

describe('a name of a script without spaces', () => {
  const match = createMatcher([
    person('a', '王小明'),
    person('b', '李 娜'),
    person('c', '김민수'),
    person('d', '김 민수', '2000000010'),
  ]);

  test('is the same name on both sides, with or without a space', () => {
    expect(match(who('王小明'))).toEqual(byName('a'));
    expect(match(who('王 小明'))).toEqual(byName('a'));
    expect(match(who('李娜'))).toEqual(byName('b'));
  });

  test('is another name with another letter, and one letter is none', () => {
    expect(match(who('王小红'))).toEqual(UNKNOWN);
    expect(match(who('王'))).toEqual(UNKNOWN);
  });

  test('of two people is for a person to decide', () => {
    expect(match(who('김민수'))).toMatchObject({ ambiguous: ['c', 'd'] });
  });
});
