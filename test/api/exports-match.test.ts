import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matchToRoster } from '../../api/invoices/lines.ts';
import { personKey } from '../../usage/clinician-match.ts';
import { createConsoleClient, type ConsoleClient, type Visitor } from './console-client.ts';

let consoleClient: ConsoleClient;
let reader: Visitor;
let operator: Visitor;

beforeAll(async () => {
  consoleClient = await createConsoleClient();
  reader = await consoleClient.visitor('read');
  operator = await consoleClient.visitor('read', 'operate');
});
afterAll(() => consoleClient.close());

const ledger = () => consoleClient.feeFixtures.ledger;

/** Somebody who uses an EHR that levies, with a fee that waits for evidence. */
async function clinician(ref: string, name: string, npi: string | null = null): Promise<string> {
  const written = await ledger().clinicians.upsert({
    ...{ ref, name, npi, email: null, vendor: 'theranest', timeZone: 'America/New_York' },
    ...{ stripeCustomer: null, paymentMethod: null },
  });
  if (!('clinicianId' in written)) throw new Error('a duplicate');
  return written.clinicianId;
}
const known = async (ref: string) => (await ledger().clinicians.similar([{ ref }]))[0]!.clinicianId;

let files = 0;
const HEADER = 'Date of Service,Clinician,Clinician NPI,Billing Code';

/** Sends an export of these rows, and gives its id and its page. */
async function send(rows: [date: string, who: string, npi?: string][], vendor = 'theranest') {
  const lines = rows.map(([date, who, npi = '']) => `${date},"${who}",${npi},90834`);
  const name = `file-${(files += 1)}.csv`;
  const file = new File([[HEADER, ...lines, ''].join('\n')], name);
  const answer = await operator.upload('/console/imports/upload', { vendor, files: file });
  expect(answer.statusCode, answer.body).toBe(200);
  const importId = /\/console\/imports\/([0-9a-f-]{36})/.exec(answer.body)![1]!;
  return { importId, path: `/console/imports/${importId}`, name };
}

const resultOf = async (importId: string) => (await ledger().evidence.importOf(importId))!;
const open = async (importId: string) =>
  (await ledger().evidence.problems(importId, 100)).map(({ reason }) => reason);
const keyOf = (name: string, npi: string | null = null) => ({
  ...personKey({ name, npi, id: null })!,
});
const plain = (page: string) => page.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');

describe('somebody who is not on the roster by this name', () => {
  it('is matched by a click, which gives the evidence the file would have given', async () => {
    const first = await send([
      ['2026-03-09', 'Stranger, Ann'],
      ['2026-02-03', 'Ann Stranger'],
    ]);
    expect(await open(first.importId)).toEqual(['unmatched', 'unmatched']);
    const key = keyOf('Ann Stranger');
    const query = new URLSearchParams({ ...key, ref: 'c-NO_USE' }).toString();
    const page = await operator.get(`${first.path}?${query}`);
    expect(plain(page.body)).toContain('C-no_use : would newly owe $19.50 for 2026');
    expect(plain(page.body)).toMatch(/Stranger, Ann 2 uses, first on line 2/);
    expect((await reader.get(first.path)).body).not.toContain('name="clinician"');

    const noUse = await known('C-no_use');
    const matched = await operator.post(`${first.path}/match`, { ...key, clinician: noUse });
    expect(matched.headers.location).toBe(`${first.path}?done=name_matched`);
    expect(await ledger().evidence.of(noUse, 2026)).toMatchObject([
      { fileName: first.name, firstUsedOn: '2026-02-03', line: 3, certainty: 'sure' },
    ]);
    expect(await open(first.importId)).toEqual([]);
    expect(await resultOf(first.importId)).toMatchObject({ findings: 2, matched: 2 });
    // Reopened and no further: a notice and an approval stand before any charge.
    const fee = await ledger().fees.load(consoleClient.feeFixtures.fees.no_use);
    expect(fee!.entries.at(-1)).toMatchObject({ kind: 'reopened', actor: operator.name });
    const [line] = await ledger().access.audited({ limit: 1 });
    expect(line).toMatchObject({ action: 'match_name', object: `import ${first.importId}` });
    expect(JSON.stringify(line)).not.toContain('Stranger');

    const second = await send([['2026-05-01', 'STRANGER, ANN']]);
    expect(await open(second.importId)).toEqual([]);
    expect(await resultOf(second.importId)).toMatchObject({ matched: 1 });
    // The name was matched for this EHR, and says nothing of another.
    const elsewhere = await send([['2026-05-02', 'Ann Stranger']], 'therapynotes');
    expect(await open(elsewhere.importId)).toEqual(['unmatched']);
  });

  it('is the same person on an invoice of this vendor, and of no other', async () => {
    const named = await send([['2026-04-01', 'Written Otherwise']]);
    const [key, paid] = [keyOf('Written Otherwise'), await known('C-paid')];
    await operator.post(`${named.path}/match`, { ...key, clinician: paid });
    const lines = [{ name: 'Otherwise, Written', ref: null, npi: null, amountCents: 1950 }];
    expect(await matchToRoster(ledger(), 'theranest', lines)).toMatchObject([
      { clinicianId: paid, matchedBy: 'person' },
    ]);
    expect(await matchToRoster(ledger(), 'therapynotes', lines)).toMatchObject([
      { clinicianId: null, matchedBy: null },
    ]);
  });

  it('is decided once, by whoever is first', async () => {
    const { importId, path } = await send([['2026-03-09', 'Only Once']]);
    const key = keyOf('Only Once');
    const [a, b] = [await known('C-no_use'), await known('C-paid')];
    const before = (await ledger().evidence.of(a, 2026)).length;
    const beforeB = (await ledger().evidence.of(b, 2026)).length;
    const answers = await Promise.all(
      [a, b, a, b].map((one) => operator.post(`${path}/match`, { ...key, clinician: one })),
    );
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([303, 409, 409, 409]);
    const after = (await ledger().evidence.of(a, 2026)).length;
    const afterB = (await ledger().evidence.of(b, 2026)).length;
    expect(after + afterB).toBe(before + beforeB + 1);
    expect(await resultOf(importId)).toMatchObject({ matched: 1 });
  });

  it('is not matched without the scope, the token, or a name in the file', async () => {
    const { path, importId } = await send([['2026-03-09', 'Not Yet']]);
    const body = { ...keyOf('Not Yet'), clinician: await known('C-no_use') };
    expect((await reader.post(`${path}/match`, body)).statusCode).toBe(403);
    expect((await operator.post(`${path}/match`, { ...body, token: 'x' })).statusCode).toBe(403);
    const other = { ...body, name: 'nobodyatall' };
    expect((await operator.post(`${path}/match`, other)).statusCode).toBe(404);
    expect(await open(importId)).toEqual(['unmatched']);
  });

  it('is never somebody whose NPI is another', async () => {
    await clinician('NPI-1', 'Quite Another', '2000000010');
    await clinician('NPI-2', 'Somebody Else', '2000000028');
    const bare = await clinician('NPI-3', 'Bare Person');
    const { path, importId } = await send([['2026-03-09', 'New Name', '2000000036']]);
    const key = keyOf('New Name', '2000000036');
    const wrong = { ...key, clinician: await known('NPI-1') };
    expect((await operator.post(`${path}/match`, wrong)).statusCode).toBe(409);
    expect(await open(importId)).toEqual(['unmatched']);
    expect((await operator.post(`${path}/match`, { ...key, clinician: bare })).statusCode).toBe(
      303,
    );
    // Later the roster says that this NPI is somebody else's: then a person looks again.
    await clinician('NPI-4', 'True Holder', '2000000036');
    const later = await send([['2026-04-09', 'New Name', '2000000036']]);
    expect(await open(later.importId)).toEqual(['contradicted']);
    expect(plain((await operator.get(later.path)).body)).toContain('an NPI says otherwise now');
  });

  it('is ignored with a reason, until the roster knows the person', async () => {
    const first = await send([['2026-03-09', 'Gone Away']]);
    const key = keyOf('Gone Away');
    const none = await operator.post(`${first.path}/ignore`, { ...key, why: ' ' });
    expect(none.statusCode).toBe(400);
    const why = 'left before <b>2026</b>';
    const done = await operator.post(`${first.path}/ignore`, { ...key, why });
    expect(done.headers.location).toBe(`${first.path}?done=name_ignored`);
    const second = await send([['2026-04-09', 'Gone Away']]);
    expect(await open(second.importId)).toEqual([]);
    const page = await operator.get('/console/imports/names');
    expect(page.body).toContain('left before &lt;b&gt;2026&lt;/b&gt;');
    await clinician('BACK', 'Gone Away');
    const third = await send([['2026-05-09', 'Gone Away']]);
    expect(await resultOf(third.importId)).toMatchObject({ matched: 1 });
  });

  it('is asked about again when the name is forgotten', async () => {
    const first = await send([['2026-03-09', 'Soon Forgotten']]);
    const key = keyOf('Soon Forgotten');
    await operator.post(`${first.path}/ignore`, { ...key, why: 'a guest' });
    const name = (await ledger().knownNames.list(500)).find(
      ({ written }) => written === 'Soon Forgotten',
    )!;
    const forget = `/console/imports/names/${name.knownId}/forget`;
    expect((await reader.post(forget)).statusCode).toBe(403);
    expect((await operator.post(forget)).statusCode).toBe(303);
    expect((await operator.post(forget)).statusCode).toBe(404);
    expect(await open(first.importId)).toEqual(['unmatched']);
  });

  it('is matched also in a file that was being read when the name was decided', async () => {
    const first = await send([['2026-03-09', 'While Reading']]);
    const key = keyOf('While Reading');
    const paid = await known('C-paid');
    await operator.post(`${first.path}/match`, { ...key, clinician: paid });
    const late = await ledger().evidence.record({
      ...{ sha256: 'a'.repeat(64), fileName: 'late.csv', vendor: 'theranest', format: 'csv' },
      ...{ periodFrom: null, periodTo: null, bytes: 9, records: 1, findings: 1, matched: 0 },
      ...{ importedBy: 'office', uses: [] },
      unmatched: [
        {
          ...{ person: key, year: 2026, kind: 'billing', firstUsedOn: '2026-01-02', line: 2 },
          ...{ rule: 'csv', certainty: 'sure', times: 1 },
        },
      ],
      problems: [],
    });
    const found = (await ledger().evidence.of(paid, 2026)).filter(
      ({ fileName }) => fileName === 'late.csv',
    );
    expect(found).toMatchObject([{ firstUsedOn: '2026-01-02' }]);
    expect(await resultOf(late.import.importId)).toMatchObject({ matched: 1 });
  });
});

describe('rows that could not be used', () => {
  it('are let be for a whole file, with a reason', async () => {
    const { path, importId } = await send([['', 'Zoë Nuñez-Öztürk']]);
    expect(await open(importId)).toEqual(['no_date']);
    expect((await operator.get(path)).body).toContain('Let these rows be');
    const done = await operator.post(`${path}/dismiss`, { why: 'a test row' });
    expect(done.headers.location).toBe(`${path}?done=rows_dismissed`);
    expect(await open(importId)).toEqual([]);
    expect((await operator.get('/console')).body).not.toContain(importId);
    expect((await operator.post(`${path}/dismiss`, { why: 'again' })).statusCode).toBe(409);
  });
});

describe('weak findings of one file', () => {
  it('are decided on together, exactly those that were shown', async () => {
    const { importId, fees } = consoleClient.feeFixtures;
    const page = await operator.get('/console/review');
    expect(plain(page.body)).toContain('would newly owe $19.50 for 2026');
    expect(page.body).toContain('Accept all 4');
    expect((await reader.get('/console/review')).body).not.toContain('Accept all');
    const path = `/console/imports/${importId}/verdict`;
    const said = { verdict: 'refused', why: 'all negated' };
    expect((await reader.post(path, { ...said, pieces: '4' })).statusCode).toBe(403);
    expect((await operator.post(path, { ...said, pieces: '3' })).statusCode).toBe(409);
    expect(await ledger().evidence.weak(10)).toHaveLength(4);
    const before = (await ledger().fees.load(fees.no_use))!.entries.length;
    const done = await operator.post(path, { ...said, pieces: '4' });
    expect(done.headers.location).toBe('/console/review?done=refused');
    expect(await ledger().evidence.weak(10)).toEqual([]);
    expect((await ledger().fees.load(fees.no_use))!.entries).toHaveLength(before);
    const [line] = await ledger().access.audited({ limit: 1 });
    expect(line).toMatchObject({
      ...{ action: 'refuse_evidence', object: `import ${importId}` },
      detail: { pieces: 4, why: 'all negated' },
    });
  });
});
