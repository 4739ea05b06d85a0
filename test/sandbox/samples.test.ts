import fs from 'node:fs';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { usageExports } from '../../sandbox/samples/exports.ts';
import { firstUse, people, SHARED_NAME } from '../../sandbox/samples/people.ts';
import { plantPeople } from '../../sandbox/samples/plant.ts';
import { createMatcher } from '../../usage/clinician-match.ts';
import { readUsage } from '../../usage/read.ts';
import { openTestApp } from './test-app.ts';

type Row = Record<string, string>;

test('the forty samples come to the endings that their table tells', () => {
  const endings: Record<string, number> = {};
  for (const { ending } of people) endings[ending] = (endings[ending] ?? 0) + 1;
  expect(people).toHaveLength(40);
  expect(endings).toEqual({
    paid: 28,
    needs_card: 3,
    gave_up: 1,
    notice_failed: 2,
    exempt: 2,
    no_use: 4,
  });
});

test("the samples' README tells of the same people", () => {
  const readme = path.resolve(import.meta.dirname, '../../sandbox/samples/README.md');
  const rows = fs
    .readFileSync(readme, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| C-'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
  const told = rows.map(([, ref, name, , card, use, , ending, story]) => [
    ref,
    name,
    card,
    use,
    ending,
    story,
  ]);
  const true_ = people.map((person) => [
    person.ref,
    person.name,
    person.card ?? '—',
    firstUse(person) ?? '—',
    person.ending,
    person.story,
  ]);
  expect(told).toEqual(true_);
});

test('planting makes a customer and a card for each, and the roster that names them', async () => {
  const { stripe } = await openTestApp();
  const { rosterCsv } = await plantPeople(stripe);
  const rows = parse<Row>(rosterCsv, { columns: true });
  expect(Object.keys(rows[0]!)).toEqual([
    'ref',
    'name',
    'email',
    'npi',
    'vendor',
    'time_zone',
    'stripe_customer',
    'payment_method',
  ]);
  expect(rows.map(({ ref, name, email }) => [ref, name, email])).toEqual(
    people.map(({ ref, name, email }) => [ref, name, email ?? '']),
  );
  for (const row of rows) {
    const listed = await stripe.customers.listPaymentMethods(row.stripe_customer!);
    expect(listed.data.map(({ id }) => id)).toEqual(row.payment_method ? [row.payment_method] : []);
  }
  expect(await plantPeople(stripe)).toEqual({ rosterCsv });
});

test('no name and no address of a sample person gets into the sandbox Stripe', async () => {
  const { stripe } = await openTestApp();
  await plantPeople(stripe);
  const held: string[] = [];
  for await (const customer of stripe.customers.list({ limit: 100 })) {
    held.push(JSON.stringify(customer));
  }
  expect(held).toHaveLength(40);
  for (const { name, email } of people) {
    for (const personal of [name, email ?? name]) expect(held.join()).not.toContain(personal);
  }
});

test("NPIs have a right check digit, are nobody's, and come once", () => {
  const npis = people.flatMap(({ npi }) => npi ?? []);
  expect(new Set(npis).size).toBe(npis.length);
  for (const npi of npis) {
    expect(npi).toMatch(/^2\d{9}$/);
    expect(luhn(`80840${npi}`)).toBe(true);
  }
  // The example of the NPI standard itself, so that the check can be trusted.
  expect(luhn('808401234567893')).toBe(true);
  expect(luhn('808401234567890')).toBe(false);
});

test('what the exports prove is what the samples tell, and nothing else', async () => {
  const roster = people.map(({ ref, npi, name }) => ({ clinicianId: ref, npi, ref, name }));
  const match = createMatcher(roster);
  const proven = new Map<string, string>();
  const unmatched: string[] = [];
  for (const { bytes } of usageExports()) {
    for await (const item of readUsage(once(bytes))) {
      expect(item.type).not.toBe('problem');
      if (item.type !== 'finding') continue;
      const who = match(item.clinician);
      const day = item.date ?? '';
      if (!('clinicianId' in who)) unmatched.push(`${item.clinician.name}`);
      else if (day < (proven.get(who.clinicianId) ?? '9')) proven.set(who.clinicianId, day);
    }
  }
  expect(Object.fromEntries(proven)).toEqual(
    Object.fromEntries(people.flatMap((person) => pairOf(person.ref, firstUse(person)))),
  );
  expect(unmatched).toEqual(['PAT STRANGER', SHARED_NAME, 'Pat Stranger', 'Pat Stranger']);
});

test('the exports are the same each time, and two runs of a year agree', () => {
  expect(usageExports()).toEqual(usageExports());
  const [claims] = usageExports();
  const segments = new TextDecoder().decode(claims!.bytes).split('~\n').slice(0, -1);
  expect(segments[0]).toHaveLength(105);
  const set = segments.slice(2, -2);
  expect(set.at(-1)).toBe(`SE*${set.length}*0001`);
});

function pairOf(ref: string, day: string | null): [string, string][] {
  return day === null ? [] : [[ref, day]];
}

function luhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}
