import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStripeConsole, HOST, type ConsoleClient, type Visitor } from './console-client.ts';

let consoleClient: ConsoleClient;
let reader: Visitor;
let operator: Visitor;
let boss: Visitor;

beforeAll(async () => {
  consoleClient = await createStripeConsole();
  reader = await consoleClient.visitor('read');
  operator = await consoleClient.visitor('read', 'operate');
  boss = await consoleClient.visitor('read', 'operate', 'approve');
});
afterAll(() => consoleClient.close());

const ledger = () => consoleClient.feeFixtures.ledger;
let number = 0;

interface Sent {
  token?: string | null;
  visitor?: Visitor;
  fields?: Record<string, string>;
  fileName?: string;
}

/** Sends the form with a file, or without one, as the page would. */
function send(file: string | Buffer | null, sent: Sent = {}) {
  const { visitor = operator, fields = {}, fileName = 'invoice.csv', ...token } = sent;
  return visitor.upload('/console/invoices', {
    ...token,
    ...{ vendor: 'theranest', year: '2026', number: `F-${(number += 1)}`, dated: '2026-03-01' },
    ...{ total: '', ...fields },
    file: new File([file ?? ''], file === null ? '' : fileName, { type: 'text/csv' }),
  });
}

/** Enters an invoice and gives its page. */
async function entered(file: string | Buffer | null, sent: Sent = {}) {
  const answer = await send(file, sent);
  expect(answer.statusCode, answer.body).toBe(303);
  const path = String(answer.headers.location);
  return { path, body: (await operator.get(path)).body };
}

const yes = { read: 'yes' };

describe('an invoice from a file', () => {
  const FILE = [
    'Clinician,Clinician ID,Amount',
    'Person of paid,C-paid,$19.50',
    '<b>Nobody</b>,,19.50',
    '=cmd()|x,,19.50',
    'Person of paid,C-paid,19.50',
    'Total,,78.00',
  ].join('\n');

  it('is shown line by line and counts only when it is confirmed', async () => {
    const { path, body } = await entered(FILE, { fileName: '<i>May.csv' });
    expect(body).toContain('<bdi>&lt;b&gt;Nobody&lt;/b&gt;</bdi>');
    expect(body).toContain('<bdi>&lt;i&gt;May.csv</bdi>');
    expect(body).toContain('<bdi>=cmd()|x</bdi>');
    expect(body).toContain('2 lines');
    expect(body).toContain('Nobody known (2)');
    expect((await operator.get(`${path}?unknown=yes`)).body).not.toContain('Person of paid');
    expect(await ledger().invoiceMatch.groups('theranest', 2026)).not.toContainEqual(
      expect.objectContaining({ facts: expect.objectContaining({ charges: 2 }) as unknown }),
    );
    expect((await operator.post(`${path}/confirm`, yes)).statusCode).toBe(403);
    expect((await boss.post(`${path}/confirm`)).statusCode).toBe(400);
    const done = await boss.post(`${path}/confirm`, yes);
    expect(done.headers.location).toBe(`${path}?done=invoice_confirmed`);
    const match = await reader.get('/console/invoices/match/theranest/2026?outcome=unknown_person');
    expect(match.body).toContain('&lt;b&gt;Nobody&lt;/b&gt;');
    expect((await operator.post(`${path}/discard`)).statusCode).toBe(409);
    expect((await operator.post(`${path}/lines/1/remove`)).statusCode).toBe(409);
    const csv = await reader.get('/console/invoices/match/theranest/2026/match.csv');
    expect(csv.body).toContain(`"'=cmd()|x"`);
    expect(csv.body).toMatch(/"Invoiced twice","To be decided",39\.00,19\.50,19\.50,19\.50/);
    // The same file again is another draft of the same lines, and says so.
    const again = await entered(FILE);
    expect(again.body).toContain('Another invoice has exactly these lines');
    expect((await boss.post(`${again.path}/confirm`, yes)).statusCode).toBe(409);
    expect((await operator.post(`${again.path}/discard`)).headers.location).toBe(
      '/console/invoices',
    );
    expect((await boss.post(`${path}/void`, { why: 'a test' })).statusCode).toBe(303);
  });

  it('asks which column is which when the headings do not say it', async () => {
    const file = 'Wer,Wieviel\nPerson of retrying,"1,019.50"\nSomebody,-19.50';
    const { path, body } = await entered(file, { fields: { total: '1000.00' } });
    expect(path).toMatch(/^\/console\/invoices\/upload\//);
    expect(body).toContain('Which column is which?');
    const chosen = { heading: '0', name: '0', amount: '1' };
    expect((await operator.post(path, { heading: '0', name: '0' })).statusCode).toBe(422);
    expect((await operator.post(path, { ...chosen, amount: '0' })).statusCode).toBe(422);
    const done = await operator.post(path, chosen);
    expect(done.statusCode, done.body).toBe(303);
    const draft = await operator.get(String(done.headers.location));
    expect(draft.body).toContain('$1,019.50');
    expect(draft.body).toContain('C-retrying');
    // The file was turned into a draft and is not kept.
    expect((await operator.get(path)).statusCode).toBe(404);
  });

  it.each<[string, string | Buffer, string]>([
    ['an amount that cannot be read', 'name,amount\nAna,18.505', 'Line 2 has an amount that'],
    ['a missing amount', 'name,amount,x\nAna,,y', 'Line 2 has no amount'],
    ['no lines', 'name,amount\n', 'There are no lines'],
    ['no total anywhere', 'name,amount\nAna,18.50', 'The total on the document is needed'],
    ['nothing in it', '', 'there is nothing in this one'],
    ['a picture in it', Buffer.from('\x89PNG\r\n\x1a\n0000', 'latin1'), 'a picture'],
    ['too much in it', Buffer.alloc(10 * 1024 * 1024 + 2, 'a'), 'larger than 10 MB'],
  ])('is refused with %s, and the form keeps what was typed', async (_what, file, sentence) => {
    const answer = await send(file, { fields: { number: 'kept <1>' } });
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain(sentence);
    expect(answer.body).toContain('value="kept &lt;1&gt;"');
  });

  it.each<[string, Record<string, string>, string]>([
    ['vendor', { vendor: 'x' }, 'Choose the vendor'],
    ['year', { year: '26' }, 'four digits'],
    ['number', { number: ' ' }, 'number of the document'],
    ['day', { dated: '2026-02-30' }, 'day of the calendar'],
    ['total', { total: '1.850,00' }, 'total cannot be read'],
  ])('is refused without a %s', async (_what, fields, sentence) => {
    const answer = await send(null, { fields: { total: '1', ...fields } });
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain(sentence);
  });

  it('that ends in the middle is refused in words', async () => {
    const answer = await consoleClient.app.inject({
      ...{ method: 'POST', url: '/console/invoices', payload: '--edge\r\ncontent-dis' },
      headers: {
        ...{ ...HOST, cookie: operator.cookie, origin: 'http://levy.test' },
        'content-type': 'multipart/form-data; boundary=edge',
      },
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('The upload ended too early');
  });

  it('is taken only from this session and from those who may operate', async () => {
    expect((await send('name,amount\nA,1\nTotal,1', { token: null })).statusCode).toBe(403);
    expect((await send('name,amount\nA,1\nTotal,1', { token: 'forged' })).statusCode).toBe(403);
    expect((await send('name,amount\nA,1\nTotal,1', { visitor: reader })).statusCode).toBe(403);
    expect((await reader.get('/console/invoices/new')).statusCode).toBe(403);
  });
});

describe('an invoice by hand', () => {
  it('grows line by line, and is confirmed when it is its total', async () => {
    const { path, body } = await entered(null, { fields: { total: '38.50', number: 'H-1' } });
    expect(body).toContain('There are no lines here yet');
    expect((await operator.get(`${path}?q=of%20waived`)).body).toContain('value="C-waived"');
    const add = (fields: Record<string, string>) => operator.post(`${path}/lines`, fields);
    expect((await add({ ref: 'C-waived', amount: '19.50' })).statusCode).toBe(303);
    expect((await add({ name: 'Not "here" <b>', amount: '$19.00' })).statusCode).toBe(303);
    expect((await add({ name: 'Wrong', amount: '1' })).statusCode).toBe(303);
    expect((await add({ name: 'x', amount: '1,5' })).statusCode).toBe(400);
    expect((await add({ ref: 'C-nobody', amount: '1' })).statusCode).toBe(422);
    expect((await operator.get(path)).body).toContain('$1.00 more');
    expect((await boss.post(`${path}/confirm`, yes)).statusCode).toBe(409);
    expect((await operator.post(`${path}/lines/3/remove`)).statusCode).toBe(303);
    const total = { total: '39.50', dated: '2026-03-02' };
    expect((await operator.post(`${path}/total`, total)).statusCode).toBe(303);
    expect((await operator.get(path)).body).toContain('$1.00 less');
    await operator.post(`${path}/total`, { ...total, total: '38.50' });
    expect((await boss.post(`${path}/confirm`, yes)).statusCode).toBe(303);
    const twice = await send(null, { fields: { total: '1', number: 'h-1' } });
    expect(twice.statusCode).toBe(422);
    expect(twice.body).toContain('An invoice of this number is entered already');
  });

  it('gets a person for a line, before it counts by whoever operates, afterwards by who approves', async () => {
    const { path } = await entered('name,amount\nUnheard Of,19.50\nTotal,19.50');
    expect((await operator.get(`${path}/lines/1?q=C-held`)).body).toContain('This person is meant');
    const meant = { ref: 'C-held' };
    expect((await operator.post(`${path}/lines/1`, meant)).statusCode).toBe(303);
    expect((await operator.get(`${path}/lines/1`)).body).toContain('matched by a person');
    const other = await entered('name,amount\nUnheard Of Too,19.50\nTotal,19.50');
    await boss.post(`${other.path}/confirm`, yes);
    expect((await operator.post(`${other.path}/lines/1`, meant)).statusCode).toBe(403);
    expect((await boss.post(`${other.path}/lines/1`, meant)).statusCode).toBe(303);
    expect((await boss.post(`${other.path}/lines/1`, meant)).statusCode).toBe(409);
    expect((await boss.get(`${other.path}/lines/2`)).statusCode).toBe(404);
  });
});

describe('the match in the console', () => {
  const MATCH = '/console/invoices/match/theranest/2026';
  const seenIn = (body: string) => /name="seen" value="([^"]+)"/.exec(body)?.[1] ?? '';

  it('decides a difference by what was seen, and not by what has changed since', async () => {
    const { path } = await entered('id,amount\nC-no_use,19.50\nTotal,19.50');
    await boss.post(`${path}/confirm`, yes);
    const [person] = await ledger().clinicians.similar([{ ref: 'C-no_use' }]);
    const item = `${MATCH}/${person!.clinicianId}`;
    const page = await boss.get(item);
    expect(page.body).toContain('Accept as evidence');
    expect((await reader.get(item)).body).not.toContain('name="decision"');
    const limited = (await operator.get(item)).body;
    expect(limited).toContain('The vendor errs');
    expect(limited).not.toContain('value="bear"');
    const decided = { decision: 'bear', why: 'theirs <b>', seen: seenIn(page.body) };
    expect((await operator.post(item, decided)).statusCode).toBe(403);
    expect((await reader.post(item, decided)).statusCode).toBe(403);
    expect((await boss.post(item, { ...decided, seen: 'no_evidence 1 0 0' })).statusCode).toBe(409);
    expect((await boss.post(item, { ...decided, why: ' ' })).statusCode).toBe(400);
    expect((await boss.post(item, decided)).statusCode).toBe(303);
    expect((await boss.get(item)).body).toContain('<bdi>theirs &lt;b&gt;</bdi>');
    expect((await boss.get(`${MATCH}?open=yes`)).body).not.toContain(person!.clinicianId);
    const more = await entered('id,amount\nC-no_use,1.00\nTotal,1.00');
    await boss.post(`${more.path}/confirm`, yes);
    expect((await boss.get(item)).body).toContain('does not hold any more');
    expect((await boss.post(item, decided)).statusCode).toBe(409);
  });

  it('has no page for a vendor nobody knows, and one without anything for an empty year', async () => {
    expect((await boss.get('/console/invoices/match/nobody/2026')).statusCode).toBe(404);
    const empty = await boss.get('/console/invoices/match/theranest/2031');
    expect(empty.body).toContain('There is nothing to compare yet');
  });
});
