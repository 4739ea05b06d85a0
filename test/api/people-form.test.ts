import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type Stripe from 'stripe';
import { createStripe } from '../../gateways/stripe/client.ts';
import { createStripeConsole, type Visitor } from './console-client.ts';

let stripe: Stripe;
let consoleClient: Awaited<ReturnType<typeof createStripeConsole>>;
let reader: Visitor;
let operator: Visitor;

beforeAll(async () => {
  consoleClient = await createStripeConsole();
  stripe = createStripe({ secretKey: 'sk_test_desk', apiBase: consoleClient.sandbox.url });
  reader = await consoleClient.visitor('read');
  operator = await consoleClient.visitor('read', 'operate');
});
afterAll(() => consoleClient.close());

const known = async (ref: string) => {
  const [person] = await consoleClient.feeFixtures.ledger.clinicians.similar([{ ref }]);
  return person ?? null;
};

const NEW = { ref: 'N-1', name: 'Noor <b>Ali</b>', vendor: 'theranest', email: 'noor@x.example' };

describe('adding somebody', () => {
  it('writes the row as an upload would: with a fee in what is open, and an audit line', async () => {
    const answer = await operator.post('/console/people', NEW);
    expect(answer.statusCode, answer.body).toBe(303);
    const person = await known('N-1');
    const here = `/console/people/${person?.clinicianId}`;
    expect(answer.headers.location).toBe(`${here}?done=person_added&warned=no_card`);
    const page = await operator.get(String(answer.headers.location));
    expect(page.body).toContain('Added to the roster.');
    expect(page.body).toContain('Stripe has no card for this person');
    expect(page.body).toContain('Noor &lt;b&gt;Ali&lt;/b&gt;');
    expect(page.body).toContain('TheraNest 2026');
    expect(page.body).toContain('add clinician');
    expect(person).toMatchObject({ timeZone: 'America/New_York', npi: null });
  });

  it('keeps what was typed when it is refused, and says why beside the field', async () => {
    const fields = { ref: 'N-2', name: '"><b>', vendor: '', email: 'no mail', npi: '1234567890' };
    const answer = await operator.post('/console/people', fields);
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain('Nothing was written.');
    expect(answer.body).toContain('value="&quot;&gt;&lt;b&gt;"');
    expect(answer.body).toContain('value="no mail"');
    expect(wrongBeside(answer.body)).toEqual({
      email: 'This is no e-mail address.',
      npi: 'The check digit is wrong.',
      vendor: 'This is needed.',
    });
    expect(await known('N-2')).toBeNull();
  });

  it.each([
    ['reference', { ref: 'C-paid' }, 'ref', 'Somebody on the roster has this reference already.'],
    ['reference in another case', { ref: 'c-paid' }, 'ref', 'The same reference as C-paid'],
    ['e-mail', { ref: 'N-3', email: 'PAID@people.example' }, 'email', 'as C-paid on the roster'],
    ['customer', { ref: 'N-3', stripeCustomer: 'cus_paid' }, 'stripeCustomer', 'as C-paid on'],
    ['formula', { ref: 'N-3', name: '=1+1' }, 'name', 'like a formula'],
  ])('refuses a %s as an upload does', async (_, fields, field, says) => {
    const before = await known('C-paid');
    const answer = await operator.post('/console/people', { ...NEW, email: '', ...fields });
    expect(answer.statusCode).toBe(422);
    expect(wrongBeside(answer.body)[field]).toContain(says);
    expect(await known('N-3')).toBeNull();
    expect(await known('C-paid')).toEqual(before);
  });

  it('asks Stripe, and warns of a customer with another e-mail', async () => {
    const none = { ...NEW, ref: 'N-4', email: 'four@x.example', stripeCustomer: 'cus_nobody' };
    const refused = await operator.post('/console/people', none);
    expect(wrongBeside(refused.body)).toEqual({ stripeCustomer: 'Stripe knows no such customer.' });
    const { id } = await stripe.customers.create({ email: 'somebody.else@x.example' });
    const answer = await operator.post('/console/people', { ...none, stripeCustomer: id });
    const page = await operator.get(String(answer.headers.location));
    expect(page.body).toContain('The customer at Stripe has another e-mail');
  });

  it('says so when Stripe cannot be asked, and keeps what was typed', async () => {
    for (let n = 0; n < 9; n += 1)
      await fetch(`${consoleClient.sandbox.url}/_sandbox/faults`, {
        method: 'POST',
        body: JSON.stringify({ route: 'customers.retrieve', kind: 'status_500' }),
      });
    const fields = { ...NEW, ref: 'N-5', email: 'five@x.example', stripeCustomer: 'cus_five' };
    const answer = await operator.post('/console/people', fields);
    expect(answer.statusCode).toBe(503);
    expect(answer.body).toContain('Stripe cannot be asked now.');
    expect(answer.body).toContain('value="cus_five"');
    expect(await known('N-5')).toBeNull();
    await fetch(`${consoleClient.sandbox.url}/_sandbox/faults`, { method: 'DELETE' });
  }, 30_000);
});

describe('editing a row', () => {
  /** The fields of the form as a browser would send them back. */
  async function formOf(ref: string): Promise<{ path: string; fields: Record<string, string> }> {
    const path = `/console/people/${(await known(ref))?.clinicianId}`;
    const { body, statusCode } = await operator.get(`${path}/edit`);
    expect(statusCode).toBe(200);
    const inputs = [...body.matchAll(/<input[^>]*\sname="(\w+)"[^>]*\svalue="([^"]*)"/g)];
    const vendor = /<option value="(\w+)"\s+selected/.exec(body)?.[1] ?? '';
    const fields = Object.fromEntries(inputs.map(([, name, value]) => [name!, decoded(value!)]));
    delete fields['token'];
    return { path, fields: { ...fields, vendor } };
  }

  it('follows through to the fees, and keeps old and new values', async () => {
    const { ledger, fees } = consoleClient.feeFixtures;
    const { path, fields } = await formOf('C-notice_failed');
    const answer = await operator.post(path, { ...fields, email: 'right@people.example' });
    expect(answer.headers.location).toMatch(/\?done=person_saved/);
    expect((await known('C-notice_failed'))?.email).toBe('right@people.example');
    const story = (await ledger.fees.load(fees.notice_failed))?.entries.map(({ kind }) => kind);
    expect(story?.at(-1)).toBe('retry_asked');
    const lines = await ledger.access.auditedOf(`clinician ${path.split('/').at(-1)}`, 9);
    expect(lines.find(({ action }) => action === 'change_clinician')).toMatchObject({
      actor: operator.name,
      detail: {
        changes: { email: { from: 'notice_failed@people.example', to: 'right@people.example' } },
      },
    });
  });

  it('changes nothing when nothing was changed, also of a name like a formula', async () => {
    const before = await known('C-no_use');
    expect(before?.name).toBe('=cmd()|/c calc!A1');
    const { path, fields } = await formOf('C-no_use');
    expect((await operator.post(path, fields)).statusCode).toBe(303);
    expect(await known('C-no_use')).toEqual(before);
    // Only a name that stays is let through.
    const other = await operator.post(path, { ...fields, name: '=other()' });
    expect(wrongBeside(other.body)['name']).toContain('like a formula');
  });

  it('writes nothing over a row that somebody else has changed meanwhile', async () => {
    const { ledger } = consoleClient.feeFixtures;
    const { path, fields } = await formOf('C-held');
    const theirs = { ...(await known('C-held'))!, npi: '1234567893' };
    await ledger.clinicians.upsert(theirs);
    const mine = { ...fields, name: 'My Name' };
    const answer = await operator.post(path, mine);
    expect(answer.statusCode).toBe(409);
    expect(answer.body).toContain('Somebody else changed this row meanwhile');
    expect(answer.body).toContain('On the roster now: <bdi>1234567893</bdi>');
    expect(answer.body).toContain('value="My Name"');
    expect(await known('C-held')).toEqual(theirs);
    const seen = /name="seen" value="([^"]+)"/.exec(answer.body)?.[1] ?? '';
    const again = await operator.post(path, { ...mine, npi: '1234567893', seen });
    expect(again.statusCode).toBe(303);
    expect(await known('C-held')).toMatchObject({ name: 'My Name', npi: '1234567893' });
  });

  it('of two at the same time writes one', async () => {
    const { path, fields } = await formOf('C-refunded');
    const answers = await Promise.all(
      ['One', 'Two', 'Three'].map((name) => operator.post(path, { ...fields, name })),
    );
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([303, 409, 409]);
    const now = await formOf('C-refunded');
    expect(['One', 'Two', 'Three']).toContain(now.fields['name']);
  });

  it('never changes the reference', async () => {
    const { path, fields } = await formOf('C-disputed');
    expect(fields).not.toHaveProperty('ref');
    await operator.post(path, { ...fields, ref: 'C-other', name: 'Renamed' });
    expect(await known('C-other')).toBeNull();
    expect((await known('C-disputed'))?.name).toBe('Renamed');
  });
});

describe('whoever may only read, or comes from elsewhere', () => {
  it('sees no form and writes nothing', async () => {
    const id = (await known('C-paid'))?.clinicianId;
    const { body } = await reader.get('/console/people');
    expect(body).not.toContain('/console/people/new');
    expect(body).not.toContain('/console/people/upload');
    for (const path of ['/console/people/new', `/console/people/${id}/edit`])
      expect((await reader.get(path)).statusCode, path).toBe(403);
    for (const path of ['/console/people', `/console/people/${id}`])
      expect((await reader.post(path, { ...NEW, ref: 'N-9' })).statusCode, path).toBe(403);
    expect(await known('N-9')).toBeNull();
  });

  it('is refused without the token of this session, or from another site', async () => {
    const fields = { ...NEW, ref: 'N-9', email: '' };
    expect((await operator.post('/console/people', { ...fields, token: 'x' })).statusCode).toBe(
      403,
    );
    const evil = { origin: 'https://evil.test' };
    expect((await operator.post('/console/people', fields, evil)).statusCode).toBe(403);
    expect(await known('N-9')).toBeNull();
  });
});

function wrongBeside(page: string): Record<string, string> {
  const found = page.matchAll(/<p class="wrong" id="(\w+)-wrong">\s*([^<]*?)\s*<\/p>/g);
  return Object.fromEntries([...found].map(([, field, says]) => [field!, decoded(says!)]));
}

function decoded(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
