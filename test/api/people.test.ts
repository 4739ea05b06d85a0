import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markedText, quoted } from '../../api/http/csv-cell.ts';
import { createConsoleClient, type ConsoleClient, type Visitor } from './console-client.ts';

let consoleClient: ConsoleClient;
let reader: Visitor;
let operator: Visitor;

/** People beside the crowd of fees: each is found by something else. */
const PEOPLE = [
  { ref: 'P-1', name: 'ÅSA Öberg', email: 'asa@people.example', npi: '1234567893' },
  { ref: 'P-2', name: 'Нина Петрова', email: null, npi: null },
  { ref: 'P-3', name: '田中 花子', email: '100%_sure@people.example', npi: null },
  { ref: 'P-4', name: '=cmd()', email: 'x100yysure@people.example', npi: null },
  { ref: 'P-5', name: "'=quoted()", email: '+plus@people.example', npi: null },
  { ref: '-6', name: 'مريم ف', email: '=six@people.example', npi: null },
  { ref: 'P-7', name: 'O\'Neil "Bo", PhD; \'; --', email: 'bo@people.example', npi: null },
  { ref: 'P-8', name: 'Zoe\u0308 Decomposed', email: 'zoe@people.example', npi: null },
];

beforeAll(async () => {
  consoleClient = await createConsoleClient();
  reader = await consoleClient.visitor('read');
  operator = await consoleClient.visitor('read', 'operate');
  for (const person of PEOPLE) await add(person);
});
afterAll(() => consoleClient.close());

function add(person: { ref: string; name: string; email: string | null; npi: string | null }) {
  return consoleClient.feeFixtures.ledger.clinicians.upsert({
    ...{ vendor: 'simplepractice', timeZone: 'America/Chicago', paymentMethod: null },
    ...{ stripeCustomer: null, ...person },
  });
}

async function refsOn(path: string): Promise<string[]> {
  const { body, statusCode } = await reader.get(path);
  expect(statusCode, path).toBe(200);
  return [...body.matchAll(/<span class="small soft"\s*><bdi>([^<]+)<\/bdi><\/span/g)].map(
    ([, ref]) => ref as string,
  );
}

const idOf = async (ref: string) => {
  const [person] = await consoleClient.feeFixtures.ledger.clinicians.similar([{ ref }]);
  return person?.clinicianId ?? '';
};

describe('the roster', () => {
  it.each([
    ['a name in another case and script', 'åsa ÖBERG', ['P-1']],
    ['a name in Cyrillic', 'петрова', ['P-2']],
    ['a name in Chinese', '花子', ['P-3']],
    ['a part of an e-mail', 'ASA@people', ['P-1']],
    ['signs that are wildcards elsewhere', '100%_', ['P-3']],
    ['an NPI', '1234567893', ['P-1']],
    ['a reference', 'p-7', ['P-7']],
    ['an accent written as one sign, where the name has two', 'Zoë d', ['P-8']],
    ['a quotation mark', "'; --", ['P-7']],
    ['nothing that is there', 'nobody at all', []],
  ])('is searched by %s', async (_, q, refs) => {
    expect(await refsOn(`/console/people?q=${encodeURIComponent(q)}`)).toEqual(refs);
  });

  it('does not find two fields as if they were one', async () => {
    const across = encodeURIComponent('öberg\nasa@');
    expect(await refsOn(`/console/people?q=${across}`)).toEqual([]);
  });

  it('is narrowed by EHR and by what is missing', async () => {
    const own = await refsOn('/console/people?vendor=simplepractice');
    expect(own).toEqual(PEOPLE.map(({ ref }) => ref).sort());
    expect(await refsOn('/console/people?gap=no_email&q=&vendor=&sort=ref')).toEqual(['P-2']);
    const cardless = await refsOn('/console/people?gap=no_customer');
    expect(cardless).toEqual([...own, 'C-ready'].sort());
    await consoleClient.feeFixtures.ledger.clinicians.setNoCard(await idOf('C-paid'));
    expect(await refsOn('/console/people?gap=no_card')).toEqual([...cardless, 'C-paid'].sort());
    expect(await refsOn('/console/people?vendor=theranest&gap=no_email')).toEqual([]);
  });

  it('is shown page by page in either order, each person once', async () => {
    const { ledger } = consoleClient.feeFixtures;
    for (let n = 0; n < 230; n += 1)
      await add({ ref: `Q-${n}`, name: `Same Name ${n % 3}`, email: null, npi: null });
    const everybody = await ledger.clinicians.list({ limit: 1_000 });
    for (const sort of ['ref', 'name']) {
      const seen: string[] = [];
      let path: string | undefined = `/console/people?sort=${sort}`;
      for (let pages = 0; path && pages < 9; pages += 1) {
        seen.push(...(await refsOn(path)));
        const next: string | undefined = /href="([^"]+)">Next page/.exec(
          (await reader.get(path)).body,
        )?.[1];
        path = next?.replaceAll('&amp;', '&');
      }
      expect(seen.length).toBeGreaterThan(200);
      const order =
        sort === 'ref'
          ? everybody.map(({ ref }) => ref)
          : [...everybody]
              .sort(
                (a, b) =>
                  compare(a.name.toLowerCase(), b.name.toLowerCase()) || compare(a.ref, b.ref),
              )
              .map(({ ref }) => ref);
      expect(seen).toEqual(order);
    }
  });

  it('says in words that nobody is like this, and what address is wrong', async () => {
    const none = await reader.get('/console/people?q=zzzz');
    expect(none.body).toContain('Nobody on the roster is like this.');
    const beyond = '00000000-0000-4000-8000-000000000000';
    expect((await reader.get(`/console/people?after=${beyond}`)).body).toContain('last page');
    expect((await reader.get('/console/people?gap=money')).statusCode).toBe(400);
    const lost = await reader.get(`/console/people/${beyond}`);
    expect(lost.statusCode).toBe(404);
    expect(lost.body).toContain('There is no such page');
  });

  it('isolates names, and shows a sign that turns them around as what it is', async () => {
    const { body } = await reader.get('/console/people?q=gpj');
    expect(body).toContain('<bdi>Ana \ufffdgpj.exe</bdi>');
    expect(body).not.toContain('\u202e');
    const script = await reader.get('/console/people?q=%3Cscript');
    expect(script.body).toContain('<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>');
    expect(script.body).toContain('value="&lt;script"');
    expect(script.body).not.toContain('<script>');
  });
});

describe('a person', () => {
  it('has a page with row, fees, evidence and changes', async () => {
    const { fees, ledger } = consoleClient.feeFixtures;
    const id = await idOf('C-paid');
    const [paid] = await ledger.clinicians.similar([{ ref: 'C-paid' }]);
    const by = { actor: '<i>office</i>', requestId: 'r1' };
    await ledger.clinicians.upsert({ ...paid!, email: 'new@people.example' }, null, by);
    const { body } = await reader.get(`/console/people/${id}`);
    expect(body).toContain(`href="/console/fees/${fees.paid}"`);
    expect(body).toContain('new@people.example');
    expect(body).toMatch(/&lt;i&gt;office&lt;\/i&gt;[^]*paid@people\.example[^]*→/);
    expect(body).toMatch(/2026[^]*1 piece/);
    expect(body).not.toContain('/edit"');
    expect((await operator.get(`/console/people/${id}`)).body).toContain(`/${id}/edit"`);
  });

  it('who is new has a page that says so', async () => {
    const { body } = await reader.get(`/console/people/${await idOf('P-2')}`);
    expect(body).toContain('No fee yet');
    expect(body).toContain('No record of a use');
    expect(body).toContain('has not been changed');
  });
});

describe('the roster as a file', () => {
  it('can be uploaded again, and changes nothing', async () => {
    const file = await reader.get('/console/people/roster.csv');
    expect(file.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(file.headers['content-disposition']).toContain('roster.csv');
    expect(file.body.startsWith('\ufeffref,name,')).toBe(true);
    for (const cell of ['"\'=cmd()"', '"\'\'=quoted()"', '"\'+plus@', '"\'-6"', '"O\'Neil ""Bo""'])
      expect(file.body).toContain(cell);
    const { clinicians } = consoleClient.feeFixtures.ledger;
    const before = await clinicians.list({ limit: 1_000 });
    const answer = await consoleClient.app.inject({
      method: 'PUT',
      url: '/v1/clinicians?check=none',
      headers: { authorization: `Bearer ${operator.token}`, 'content-type': 'text/csv' },
      payload: file.body,
    });
    // A name that turns its text around cannot come in by a file.
    const { rows, ...counts } = answer.json();
    expect(rows).toMatchObject([{ ref: 'C-noticed', reason: 'control_character' }]);
    expect(counts).toMatchObject({ created: 0, updated: 0, refused: 1 });
    expect(counts.unchanged).toBe(before.length - 1);
    expect(await clinicians.list({ limit: 1_000 })).toEqual(before);
  });

  it('has a template with its header alone', async () => {
    const file = await reader.get('/console/people/template.csv');
    expect(file.body).toBe(
      '\ufeffref,name,email,npi,vendor,time_zone,stripe_customer,payment_method\r\n',
    );
  });

  it('marks what a spreadsheet would run, and the mark comes off again', () => {
    const text = fc.string({ unit: fc.constantFrom("'", '=', '+', '-', '@', ' ', 'a', 'é') });
    fc.assert(
      fc.property(text, (cell) => {
        const inside = quoted(cell).slice(1, -1);
        expect(inside).not.toMatch(/^\s*[=+\-@]/);
        expect(markedText(inside) ?? inside).toBe(cell);
      }),
    );
  });
});

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
