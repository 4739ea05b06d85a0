import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createStripe } from '../../gateways/stripe/client.ts';
import { plantPeople } from '../../sandbox/samples/plant.ts';
import { openApiClient, type ApiClient } from './api-client.ts';

let apiClient: ApiClient;
beforeAll(async () => {
  apiClient = await openApiClient();
});
afterAll(() => apiClient.close());
beforeEach(() => apiClient.db.pool.query('delete from clinicians'));

const HEADER = 'ref,name,email,npi,vendor,time_zone,stripe_customer,payment_method';

/** Sends rows of CSV under the usual header. */
function put(rows: string[], query = '') {
  return putFile([HEADER, ...rows].join('\r\n'), 'text/csv', query);
}

function putFile(body: string | Buffer, type: string, query = '') {
  return apiClient.ask('PUT', `/v1/clinicians${query}`, {
    body,
    headers: { 'content-type': type },
  });
}

async function everybody() {
  const answer = await apiClient.ask('GET', '/v1/clinicians');
  return answer.json.clinicians as Record<string, unknown>[];
}

const stripe = () => createStripe({ secretKey: 'sk_test_office', apiBase: apiClient.stripe.url });

describe('a roster', () => {
  it('whose field is empty leaves a customer that levy created, and takes away its own', async () => {
    const row = (customer: string) => [`A1,Ann Lee,ann@example.org,,theranest,,${customer},`];
    await put(row(''));
    const [{ clinicianId } = {}] = await everybody();
    const { id } = await stripe().customers.create();
    await apiClient.ledger.clinicians.setMadeCustomer(String(clinicianId), id);
    expect((await put(row(''))).json).toMatchObject({ unchanged: 1 });
    expect(await everybody()).toMatchObject([{ stripeCustomer: id }]);
    const own = await stripe().customers.create();
    await put(row(own.id));
    await put(row(''));
    expect(await everybody()).toMatchObject([{ stripeCustomer: null }]);
  });

  it('is written, and changes nothing the second time', async () => {
    const rows = [
      'A1,Ann Lee,Ann@Example.org,1234567893,TheraNest,America/Chicago,,',
      'A2,"Ngọc, Bảo",,,therapynotes,,,',
    ];
    expect((await put(rows)).json).toMatchObject({ created: 2, updated: 0, refused: 0 });
    expect((await put(rows)).json).toMatchObject({ created: 0, updated: 0, unchanged: 2 });
    expect(await everybody()).toMatchObject([
      {
        ref: 'A1',
        name: 'Ann Lee',
        email: 'Ann@Example.org',
        npi: '1234567893',
        vendor: 'theranest',
        timeZone: 'America/Chicago',
        stripeCustomer: null,
      },
      { ref: 'A2', name: 'Ngọc, Bảo', vendor: 'therapynotes', timeZone: 'America/New_York' },
    ]);
  });

  it('is read as NDJSON and JSON just the same', async () => {
    const people = [
      { ref: 'A1', name: 'Ann Lee', vendor: 'theranest', npi: 1234567893, email: null },
      { ref: 'A2', name: 'Bo Ray', vendor: 'theranest', TimeZone: 'America/Denver' },
    ];
    const lines = people.map((one) => JSON.stringify(one)).join('\n');
    expect((await putFile(lines, 'application/x-ndjson')).json).toMatchObject({ created: 2 });
    const array = await putFile(JSON.stringify(people), 'application/json');
    expect(array.json).toMatchObject({ unchanged: 2, created: 0, ignoredColumns: [] });
    const wrapped = await putFile(JSON.stringify({ clinicians: people }), 'application/json');
    expect(wrapped.json).toMatchObject({ unchanged: 2 });
  });

  it('is found in whatever spelling, order, delimiter and encoding a sheet gives', async () => {
    const table = [
      'E-Mail Address;Full Name;NPI Number;Clinician ID;EHR;Favourite Colour',
      'ann@x.example;Zoë Peña;1234567893; A1 ;Thera Nest;red',
    ].join('\n');
    const latin1 = await putFile(Buffer.from(table, 'latin1'), 'text/csv');
    expect(latin1.json).toMatchObject({ created: 1, ignoredColumns: ['Favourite Colour'] });
    const utf16 = Buffer.from(`\ufeff${table.replaceAll(';', '\t')}`, 'utf16le');
    expect((await putFile(utf16, 'application/vnd.ms-excel')).json).toMatchObject({ unchanged: 1 });
    expect(await everybody()).toMatchObject([{ ref: 'A1', name: 'Zoë Peña', vendor: 'theranest' }]);
  });

  it('leaves alone what a file has no column for', async () => {
    const { customer, card } = await customerWithCard();
    await put([
      `A1,Ann Lee,ann@x.example,1234567893,theranest,America/Chicago,${customer},${card}`,
    ]);
    const renamed = await putFile('ref,name\nA1,Ann Lee-Ray', 'text/csv');
    expect(renamed.json).toMatchObject({ updated: 1, refused: 0 });
    expect(await everybody()).toMatchObject([
      {
        name: 'Ann Lee-Ray',
        email: 'ann@x.example',
        stripeCustomer: customer,
        paymentMethod: card,
      },
    ]);
  });

  it('takes the vendor from the address where a file has no column for it', async () => {
    const file = 'ref,name\nA1,Ann Lee';
    expect((await putFile(file, 'text/csv')).json.rows).toMatchObject([
      { field: 'vendor', reason: 'missing' },
    ]);
    expect((await putFile(file, 'text/csv', '?vendor=theranest')).json).toMatchObject({
      created: 1,
    });
    expect((await putFile(file, 'text/csv', '?vendor=nobody')).code).toBe('unknown_vendor');
  });

  it('of the sample practice is taken in whole, its cards found at Stripe', async () => {
    const { rosterCsv } = await plantPeople(stripe());
    const answer = await putFile(rosterCsv, 'text/csv');
    expect(answer.json).toMatchObject({ created: 40, refused: 0, checkedAtStripe: true });
    expect((await putFile(rosterCsv, 'text/csv')).json).toMatchObject({ unchanged: 40 });
  });
});

describe('a row with a mistake', () => {
  it.each([
    ['a missing reference', ',Ann,,,theranest,,,', 'ref', 'missing'],
    ['a missing name', 'A1, ,,,theranest,,,', 'name', 'missing'],
    ['a NUL in the name', 'A1,An\u0000n,,,theranest,,,', 'name', 'control_character'],
    ['a line break in the name', 'A1,"Ann\r\nBcc: x",,,theranest,,,', 'name', 'control_character'],
    ['a formula for a name', 'A1,=cmd(),,,theranest,,,', 'name', 'formula'],
    ['an endless name', `A1,${'x'.repeat(201)},,,theranest,,,`, 'name', 'too_long'],
    ['no e-mail address', 'A1,Ann,ann(at)x.example,,theranest,,,', 'email', 'bad_email'],
    ['two e-mail addresses', 'A1,Ann,a@x.example;b@x.example,,theranest,,,', 'email', 'bad_email'],
    [
      'a header in the e-mail',
      'A1,Ann,"a@x.example\nBcc:b",,theranest,,,',
      'email',
      'control_character',
    ],
    ['a short NPI', 'A1,Ann,,123456789,theranest,,,', 'npi', 'bad_npi'],
    ['a wrong check digit', 'A1,Ann,,1234567890,theranest,,,', 'npi', 'bad_npi'],
    ['an unknown vendor', 'A1,Ann,,,Paper,,,', 'vendor', 'unknown_vendor'],
    ['no vendor', 'A1,Ann,,,,,,', 'vendor', 'missing'],
    ['no time zone', 'A1,Ann,,,theranest,Mars/Olympus,,', 'timeZone', 'bad_time_zone'],
    ['no customer', 'A1,Ann,,,theranest,,acct_1,', 'stripeCustomer', 'bad_customer'],
    [
      'no card',
      'A1,Ann,,,theranest,,cus_1,4242424242424242',
      'paymentMethod',
      'bad_payment_method',
    ],
    ['a card of nobody', 'A1,Ann,,,theranest,,,pm_1', 'paymentMethod', 'card_without_customer'],
    [
      'a customer Stripe does not know',
      'A1,Ann,,,theranest,,cus_gone,',
      'stripeCustomer',
      'unknown_customer',
    ],
    ['too few cells', 'A1,Ann', null, 'column_count'],
    ['too many cells', 'A1,Lee, Ann,,,theranest,,,', null, 'column_count'],
  ])('%s is named, and the others are kept', async (_, row, field, reason) => {
    const answer = await put(['B1,Good One,,,theranest,,,', row, 'B2,Good Two,,,theranest,,,']);
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ created: 2, refused: 1 });
    expect(answer.json.rows).toMatchObject([{ line: 3, field, reason }]);
    expect(answer.json.rows[0].message).toMatch(/\.$|\?$/);
    expect((await everybody()).map(({ ref }) => ref)).toEqual(['B1', 'B2']);
  });

  it('names every field that is wrong', async () => {
    const answer = await put(['A1,@x,nobody,1,Paper,Mars,x,y']);
    const fields = answer.json.rows.map((row: { field: string }) => row.field);
    expect(fields).toEqual(
      'name email npi vendor timeZone stripeCustomer paymentMethod'.split(' '),
    );
    expect(answer.json.refused).toBe(1);
  });

  it('is named by its line in NDJSON and by its number in JSON', async () => {
    const good = { ref: 'B1', name: 'Good One', vendor: 'theranest' };
    const lines = [JSON.stringify(good), '{broken', '[1]', '{"ref":{"a":1},"name":"x"}'].join('\n');
    expect((await putFile(lines, 'application/x-ndjson')).json.rows).toMatchObject([
      { line: 2, reason: 'bad_json' },
      { line: 3, reason: 'not_an_object' },
      { line: 4, reason: 'not_text' },
    ]);
    const array = JSON.stringify([good, 7]);
    expect((await putFile(array, 'application/json')).json.rows).toMatchObject([
      { line: 2, reason: 'not_an_object' },
    ]);
  });
});

describe('duplicates', () => {
  it('within a file are named and left out, never merged', async () => {
    const answer = await put([
      'A1,Ann Lee,ann@x.example,1234567893,theranest,,,',
      'a1 ,Ann Lee,,,theranest,,,',
      'A2,Ann B. Lee,ANN@x.example ,,theranest,,,',
      'A3,A. Lee,,1234567893,theranest,,,',
      'A4,Ann Lee,,,theranest,,,',
    ]);
    expect(answer.json).toMatchObject({ created: 2, refused: 3 });
    expect(answer.json.rows).toMatchObject([
      { line: 3, reason: 'duplicate_ref', message: expect.stringContaining('line 2') },
      { line: 4, reason: 'duplicate_email', field: 'email' },
      { line: 5, reason: 'duplicate_npi', field: 'npi' },
    ]);
    expect(answer.json.warnings).toContainEqual(
      expect.objectContaining({ line: 6, reason: 'same_name' }),
    );
  });

  it('of somebody on the roster are named by their reference', async () => {
    await put(['A1,Ann Lee,ann@x.example,1234567893,theranest,,,']);
    const answer = await put([
      'a1,Ann Lee,,,theranest,,,',
      'B2,Ann Lee,Ann@X.example,,theranest,,,',
      'B3,Ann Lee,,1234567893,theranest,,,',
    ]);
    expect(answer.json).toMatchObject({ created: 0, refused: 3 });
    for (const row of answer.json.rows) expect(row.message).toContain('A1 on the roster');
    expect(await everybody()).toHaveLength(1);
  });
});

describe('a customer', () => {
  const none = (row: string) => `${row},`;

  it('of two people in one file is kept for the first alone', async () => {
    const rows = ['A1,Ann Lee,,,theranest,,cus_1', 'A2,Bo Ray,,,theranest,,cus_1'].map(none);
    const answer = await put(rows, '?check=none');
    expect(answer.json).toMatchObject({ created: 1, refused: 1 });
    expect(answer.json.rows).toMatchObject([
      { line: 3, field: 'stripeCustomer', reason: 'duplicate_stripeCustomer' },
    ]);
    expect(answer.json.rows[0].message).toContain('line 2');
  });

  it('is not the same in capital letters, as ids of Stripe never are', async () => {
    const rows = ['A1,Ann Lee,,,theranest,,cus_a', 'A2,Bo Ray,,,theranest,,cus_A'].map(none);
    expect((await put(rows, '?check=none')).json).toMatchObject({ created: 2, refused: 0 });
  });

  it('of somebody on the roster is refused, to somebody new and in exchange', async () => {
    const rows = ['A1,Ann Lee,,,theranest,,cus_1', 'A2,Bo Ray,,,theranest,,cus_2'].map(none);
    await put(rows, '?check=none');
    const answer = await put(
      [
        'A1,Ann Lee,,,theranest,,cus_2',
        'A2,Bo Ray,,,theranest,,cus_1',
        'A3,Cy Fox,,,theranest,,cus_1',
      ].map(none),
      '?check=none',
    );
    expect(answer.json).toMatchObject({ created: 0, updated: 0, refused: 3 });
    for (const row of answer.json.rows) {
      expect(row).toMatchObject({ reason: 'duplicate_stripeCustomer' });
      expect(row.message).toMatch(
        /same Stripe customer as (A\d on the roster|line 3).*first send a roster in which/,
      );
    }
    expect(await everybody()).toMatchObject([
      { ref: 'A1', stripeCustomer: 'cus_1' },
      { ref: 'A2', stripeCustomer: 'cus_2' },
    ]);
  });

  it('is exchanged as the message says: given up first, then taken', async () => {
    const file = (a: string, b: string) => `ref,name,stripe_customer\nA1,Ann,${a}\nA2,Bo,${b}`;
    const send = (a: string, b: string) =>
      putFile(file(a, b), 'text/csv', '?check=none&vendor=theranest');
    const [one, two] = [await customerWithCard(), await customerWithCard()];
    await send(one.customer, two.customer);
    expect((await send('', '')).json).toMatchObject({ updated: 2 });
    expect((await send(two.customer, one.customer)).json).toMatchObject({ updated: 2, refused: 0 });
  });

  it('that another upload takes at the same time is refused, not an error', async () => {
    const { pool } = apiClient.db;
    const other = await pool.connect();
    await other.query('begin');
    await other.query(`insert into clinicians (ref, name, vendor, time_zone, stripe_customer)
      values ('A1', 'Ann', 'theranest', 'America/New_York', 'cus_1')`);
    const late = put(['A2,Bo Ray,,,theranest,,cus_1,'], '?check=none');
    // The upload has seen that the customer is free, and now waits for what the other decides.
    const waiting = async () => {
      const { rows } = await pool.query<{ count: number }>(
        `select count(*)::integer as count from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows[0]?.count;
    };
    await expect.poll(waiting, { timeout: 15_000 }).toBe(1);
    await other.query('commit');
    other.release();
    const answer = await late;
    expect(answer).toMatchObject({ status: 200, json: { created: 0, refused: 1 } });
    expect(answer.json.rows).toMatchObject([{ line: 2, reason: 'duplicate_stripeCustomer' }]);
  });
});

describe('a file that is no roster', () => {
  it.each([
    ['an empty one', '', 'empty_body'],
    ['one of blanks', ' \r\n ', 'empty_body'],
    ['a header alone', HEADER, 'invalid_roster'],
    ['one without references', 'name,email\nAnn,a@x.example', 'invalid_roster'],
    ['one with a column twice', 'ref,name,Full Name\n1,a,b', 'invalid_roster'],
    ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), 'invalid_roster'],
    ['a PDF', '%PDF-1.7 ref,name', 'invalid_roster'],
    [
      'two encodings at once',
      Buffer.concat([Buffer.from(`${HEADER}\né`), Buffer.from([0xe9, 0x2c])]),
      'invalid_roster',
    ],
    ['broken JSON', '{"clinicians": [', 'invalid_json'],
  ])('%s is refused as a whole', async (_, body, code) => {
    const answer = await putFile(body, 'text/csv');
    expect(answer.status).toBe(400);
    expect(answer.code).toBe(code);
    expect(answer.json.error.help).not.toBe('');
    expect(await everybody()).toEqual([]);
  });

  it('a form upload is told to send the file itself', async () => {
    const answer = await putFile('--x--', 'multipart/form-data; boundary=x');
    expect(answer).toMatchObject({ status: 415, code: 'unsupported_type' });
  });

  it('a body of more than 50 MB is refused', async () => {
    const answer = await putFile(Buffer.alloc(51 * 1024 * 1024, 'x'), 'text/csv');
    expect(answer).toMatchObject({ status: 413, code: 'too_large' });
  });

  it('a compressed one is told to come as it is', async () => {
    const answer = await apiClient.ask('PUT', '/v1/clinicians', {
      body: 'x',
      headers: { 'content-type': 'text/csv', 'content-encoding': 'gzip' },
    });
    expect(answer).toMatchObject({ status: 415, code: 'unsupported_encoding' });
  });
});

async function customerWithCard(lib = stripe()): Promise<{ customer: string; card: string }> {
  const { id } = await lib.customers.create();
  const card = await lib.paymentMethods.attach('pm_card_visa', { customer: id });
  return { customer: id, card: card.id };
}
