import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLedger } from '../../ledger/ledger.ts';
import { setClock } from '../support/assessment.ts';
import { createTestDatabase } from '../support/database.ts';
import {
  createStripeConsole,
  formTokenIn,
  type ConsoleClient,
  type Visitor,
} from './console-client.ts';

let consoleClient: ConsoleClient;
let reader: Visitor;
let operator: Visitor;

beforeAll(async () => {
  consoleClient = await createStripeConsole();
  reader = await consoleClient.visitor('read');
  operator = await consoleClient.visitor('read', 'operate');
});
afterAll(() => consoleClient.close());

const ledger = () => consoleClient.feeFixtures.ledger;
const everybody = () => ledger().clinicians.list({ limit: 1_000 });
const known = async (ref: string) => (await ledger().clinicians.similar([{ ref }]))[0] ?? null;

interface Sent {
  vendor?: string;
  token?: string | null;
  name?: string;
}

/** Sends a file as the form on the page would. */
function send(visitor: Visitor, file: string | Buffer, sent: Sent = {}) {
  const { name = 'roster.csv', vendor = '', ...token } = sent;
  return visitor.upload('/console/people/upload', {
    ...token,
    vendor,
    file: new File([file], name, { type: 'text/csv' }),
  });
}

/** Uploads a file and gives the address and the content of its preview. */
async function preview(file: string, sent: Sent = {}) {
  const answer = await send(operator, file, sent);
  expect(answer.statusCode, answer.body).toBe(303);
  const path = String(answer.headers.location);
  const { body } = await operator.get(path);
  return { path, body, plan: planIn(body) };
}

const planIn = (page: string) => /name="plan" value="([0-9a-f]{64})"/.exec(page)?.[1] ?? '';
const confirm = (path: string, plan: string, visitor = operator) =>
  visitor.post(`${path}/confirm`, { plan });

let number = 0;
/** A reference that no other test uses. */
const newRef = () => `U-${(number += 1)}`;

describe('a roster that is uploaded', () => {
  it('is shown field by field before anything is written, and written as it was shown', async () => {
    const { fees } = consoleClient.feeFixtures;
    const before = await everybody();
    const file = [
      'ref,name,email,npi',
      'C-notice_failed,Person of notice_failed,corrected@people.example,',
      'C-paid,Person of paid,paid@people.example,',
      'U-new,<b>New</b>,,',
      'U-bad,Bad Mail,nobody,',
    ].join('\n');
    const { path, body, plan } = await preview(file, { vendor: 'theranest' });
    expect(figures(body)).toEqual({
      'To be added': '1',
      'To be changed': '1',
      'As before': '1',
      'Left out': '1',
      'Not in the file': String(before.length - 2),
    });
    expect(body).toMatch(
      /E-mail<\/span>\s*<del><bdi>notice_failed@[^<]+<\/bdi><\/del> →\s*<ins><bdi>corrected@/,
    );
    expect(body).toContain('<bdi>&lt;b&gt;New&lt;/b&gt;</bdi>');
    expect(body).toContain('This is no e-mail address.');
    expect(body).toContain('Nothing happens to them');
    expect(await everybody()).toEqual(before);

    expect((await confirm(path, plan)).headers.location).toBe(path);
    expect((await known('C-notice_failed'))?.email).toBe('corrected@people.example');
    expect(await known('U-new')).toMatchObject({ name: '<b>New</b>', vendor: 'theranest' });
    expect(await known('U-bad')).toBeNull();
    expect(await everybody()).toHaveLength(before.length + 1);
    const story = (await ledger().fees.load(fees.notice_failed))?.entries.map(({ kind }) => kind);
    expect(story?.at(-1)).toBe('retry_asked');
    const done = await operator.get(path);
    expect(figures(done.body)).toMatchObject({ Added: '1', Changed: '1', 'Left out': '1' });
    const [line] = await ledger().access.audited({ limit: 1 });
    expect(line).toMatchObject({ actor: operator.name, detail: { created: 1, updated: 1 } });
  });

  it('is written once, however often the confirmation is sent', async () => {
    const ref = newRef();
    const { path, plan } = await preview(`ref,name,vendor\n${ref},Once Only,theranest`);
    const answers = await Promise.all([1, 2, 3, 4].map(() => confirm(path, plan)));
    expect(answers.some(({ statusCode }) => statusCode === 303)).toBe(true);
    for (const { statusCode, body } of answers.filter((one) => one.statusCode !== 303))
      expect(body, String(statusCode)).toMatch(/being written|was written/);
    const again = await confirm(path, plan);
    expect(again.body).toContain('Sending the same confirmation again changes nothing');
    const lines = await ledger().access.audited({ limit: 9 });
    expect(lines.filter(({ detail }) => detail['created'] === 1)).toHaveLength(2);
    // What was written is not kept a second time.
    expect((await ledger().rosterUploads.get(path.split('/').at(-1)!))?.rows).toBeNull();
  });

  it('shows the new preview instead, when the roster has changed meanwhile', async () => {
    const ref = newRef();
    const file = `ref,name,vendor\n${ref},By File,theranest`;
    const [first, second] = [await preview(file), await preview(file.replace('File', 'Other'))];
    expect((await confirm(first.path, first.plan)).statusCode).toBe(303);
    const answer = await confirm(second.path, second.plan);
    expect(answer.statusCode).toBe(409);
    expect(answer.body).toContain('The roster has changed since you saw this page');
    expect(answer.body).toMatch(/<del><bdi>By File<\/bdi><\/del> →\s*<ins><bdi>By Other/);
    expect((await known(ref))?.name).toBe('By File');
    expect((await confirm(second.path, planIn(answer.body))).statusCode).toBe(303);
    expect((await known(ref))?.name).toBe('By Other');
  });

  it('is not written while another one is', async () => {
    const ref = newRef();
    const file = `ref,name,vendor\n${ref},Waits,theranest`;
    const [first, second] = [await preview(file), await preview(file)];
    const idOf = (path: string) => path.split('/').at(-1)!;
    expect(await ledger().rosterUploads.claim(idOf(first.path))).toBe('claimed');
    for (const { path, plan } of [first, second]) {
      const answer = await confirm(path, plan);
      expect(answer.statusCode).toBe(409);
      expect(answer.body).toContain('A roster is being written at this moment');
    }
    expect(await known(ref)).toBeNull();
    await ledger().rosterUploads.release(idOf(first.path));
    expect((await confirm(second.path, second.plan)).statusCode).toBe(303);
  });

  it('leaves a row alone that is not the row that was seen', async () => {
    const ref = newRef();
    const one = await preview(`ref,name,vendor\n${ref},By File,theranest`);
    expect((await confirm(one.path, one.plan)).statusCode).toBe(303);
    const seen = (await known(ref))!;
    await ledger().clinicians.upsert({ ...seen, name: 'By Somebody' });
    const stale = await ledger().clinicians.upsert({ ...seen, npi: '1234567893' }, null, null, {
      before: seen,
    });
    expect(stale.outcome).toBe('stale');
    expect((await ledger().clinicians.upsert(seen, null, null, { before: null })).outcome).toBe(
      'stale',
    );
    expect((await known(ref))?.name).toBe('By Somebody');
  });

  it('can be discarded', async () => {
    const ref = newRef();
    const { path, plan } = await preview(`ref,name,vendor\n${ref},Never,theranest`);
    expect((await operator.post(`${path}/discard`)).headers.location).toBe(
      '/console/people/upload',
    );
    const answer = await confirm(path, plan);
    expect(answer.statusCode).toBe(404);
    expect(answer.body).toContain('not there any more');
    expect(await known(ref)).toBeNull();
  });

  it('that changes nothing has nothing to confirm', async () => {
    const file = (await reader.get('/console/people/roster.csv')).body;
    const { body, plan } = await preview(file);
    expect(body).toContain('There is nothing to write.');
    expect(plan).toBe('');
    expect(figures(body)).toMatchObject({ 'To be added': '0', 'Not in the file': '0' });
  });

  it('with a customer Stripe does not know has that row left out', async () => {
    const { body } = await preview(
      `ref,name,vendor,stripe_customer\n${newRef()},No Customer,theranest,cus_nowhere`,
    );
    expect(body).toContain('Stripe knows no such customer.');
    expect(figures(body)).toMatchObject({ 'To be added': '0', 'Left out': '1' });
  });
});

describe('headings that say nothing', () => {
  const file = (ref: string) =>
    `Nr;Wie;Post;Geheim\n${ref};"Zoë; Müller";zoe.${ref.toLowerCase()}@x.example;s3cret\n`;

  it('are named by a person, and what has no name is not kept', async () => {
    const ref = newRef();
    const { path, body } = await preview(file(ref), { vendor: 'theranest' });
    expect(body).toContain('Which column is which?');
    expect(body).toContain('Geheim');
    const wrong = await operator.post(`${path}/columns`, { ref: '0', name: '' });
    expect(wrong.statusCode).toBe(422);
    expect(wrong.body).toContain('both are needed');
    const twice = await operator.post(`${path}/columns`, { ref: '0', name: '1', email: '1' });
    expect(twice.body).toContain('One column cannot be two fields');
    const named = await operator.post(`${path}/columns`, { ref: '0', name: '1', email: '2' });
    expect(named.headers.location).toBe(path);
    const shown = await operator.get(path);
    expect(shown.body).toContain('Zoë; Müller');
    expect(shown.body).toContain('<bdi>Geheim</bdi>');
    const kept = await ledger().rosterUploads.get(path.split('/').at(-1)!);
    expect(JSON.stringify(kept)).not.toContain('s3cret');
    expect((await confirm(path, planIn(shown.body))).statusCode).toBe(303);
    expect(await known(ref)).toMatchObject({ name: 'Zoë; Müller' });
  });
});

describe('a file that is no roster', () => {
  it.each([
    ['nothing', '', 'Choose a file'],
    ['a header alone', 'ref,name\n', 'It has no rows.'],
    ['a picture', Buffer.from('\u0089PNG\r\n\u001a\n0000', 'latin1'), 'This is not a roster.'],
    ['broken JSON', '[{"ref":', 'not valid JSON'],
    ['too many rows', `ref,name\n${'x,y\n'.repeat(20_001)}`, 'more than 20,000 rows'],
    [
      'too many bytes',
      `ref,name\n${'x'.repeat(99)},${'y,z\n'.repeat(3_000_000)}`,
      'larger than 10 MB',
    ],
  ])('of %s is refused in words', async (_, file, says) => {
    const answer = await send(operator, file);
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain('Upload a roster');
    expect(answer.body).toContain(says);
  });

  it('with NUL and half characters is kept, and its rows are refused', async () => {
    const { body } = await preview(
      '[{"ref":"U-n\\u0000l","name":"x"},{"ref":"U-half","name":"\\ud800"}]',
      { vendor: 'theranest', name: 'a\u202eb<i>.csv' },
    );
    expect(figures(body)).toMatchObject({ 'To be added': '0', 'Left out': '2' });
    expect(body).toContain('<bdi>ab&lt;i&gt;.csv</bdi>');
  });
});

describe('whoever may not upload', () => {
  it('sees no form and sends nothing', async () => {
    const { path, plan } = await preview(`ref,name,vendor\n${newRef()},X,theranest`);
    for (const url of ['/console/people/upload', path])
      expect((await reader.get(url)).statusCode, url).toBe(403);
    expect((await send(reader, 'ref,name\nx,y')).statusCode).toBe(403);
    expect((await confirm(path, plan, reader)).statusCode).toBe(403);
    for (const step of ['columns', 'discard'])
      expect((await reader.post(`${path}/${step}`)).statusCode).toBe(403);
  });

  it('has no token of this session, or another one', async () => {
    const theirs = formTokenIn((await reader.get('/console')).body);
    for (const token of [null, 'x', theirs])
      expect((await send(operator, 'ref,name\nx,y', { token })).statusCode).toBe(403);
    const { path, plan } = await preview(`ref,name,vendor\n${newRef()},X,theranest`);
    const forged = await operator.post(`${path}/confirm`, { plan, token: 'x' });
    expect(forged.statusCode).toBe(403);
    const plain = await operator.post('/console/people/upload', { file: 'x' });
    expect(plain.statusCode).toBe(415);
  });
});

describe('uploads in the ledger', () => {
  it('expire after a day, and the oldest give way', async () => {
    const { pool } = await createTestDatabase();
    const { rosterUploads } = createLedger(pool, () => performance.now());
    const one = { fileName: 'x', uploadedBy: 'office', vendor: null, headings: null, ignored: [] };
    await setClock(pool, new Date('2026-01-01T12:00:00Z'));
    const first = await rosterUploads.keep({ ...one, rows: [{ line: 1 }] });
    await setClock(pool, new Date('2026-01-02T11:59:00Z'));
    expect(await rosterUploads.get(first)).toMatchObject({ rows: [{ line: 1 }] });
    await setClock(pool, new Date('2026-01-02T12:01:00Z'));
    expect(await rosterUploads.get(first)).toBeNull();
    expect(await rosterUploads.claim(first)).toBe('gone');
    const ids: string[] = [];
    for (let n = 0; n < 25; n += 1) {
      await setClock(pool, new Date(Date.UTC(2026, 0, 3, 12, n)));
      ids.push(await rosterUploads.keep({ ...one, rows: [] }));
    }
    const { rows } = await pool.query('select upload_id from roster_uploads order by uploaded_at');
    expect(rows.map((row) => row.upload_id)).toEqual(ids.slice(-20));
    // A process that died while it wrote does not stop the others for ever.
    expect(await rosterUploads.claim(ids[24]!)).toBe('claimed');
    expect(await rosterUploads.claim(ids[23]!)).toBe('busy');
    await setClock(pool, new Date(Date.UTC(2026, 0, 3, 13, 0)));
    expect(await rosterUploads.claim(ids[23]!)).toBe('claimed');
  });
});

function figures(page: string): Record<string, string> {
  const found = page.matchAll(/<dt>([^<]+)<\/dt>\s*<dd>([\d,]+)<\/dd>/g);
  return Object.fromEntries([...found].map(([, label, count]) => [label!, count!]));
}
