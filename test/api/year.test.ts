import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entry } from '../../core/fee/fee.ts';
import { appendAll, recordUse } from '../support/assessment.ts';
import { sample, testPolicy } from '../support/fees.ts';
import { createConsoleClient, type ConsoleClient, type Visitor } from './console-client.ts';

let consoleClient: ConsoleClient;
let approver: Visitor;
let reader: Visitor;

beforeAll(async () => {
  consoleClient = await createConsoleClient();
  approver = await consoleClient.visitor('read', 'operate', 'approve');
  reader = await consoleClient.visitor('read');
});
afterAll(() => consoleClient.close());

const ledger = () => consoleClient.feeFixtures.ledger;

async function addPerson(ref: string, changes: object = {}): Promise<string> {
  const written = await ledger().clinicians.upsert({
    ...{ ref, name: `Person ${ref}`, email: `${ref.toLowerCase()}@people.example`, npi: null },
    ...{ vendor: 'simplepractice', timeZone: 'America/New_York', paymentMethod: null },
    ...{ stripeCustomer: `cus_${ref}`, ...changes },
  });
  if (!('clinicianId' in written)) throw new Error('a duplicate in the roster');
  return written.clinicianId;
}

/** Opens a year of SimplePractice with everybody who is on the roster. */
async function openYear(year: number, cents = 1850): Promise<string> {
  await ledger().rates.put({
    ...{ vendor: 'simplepractice', year, royaltyCents: cents, processingCents: 100 },
    ...{ status: 'confirmed', source: 'invoice 7', enteredBy: 'office' },
  });
  const opening = await ledger().assessments.open({
    ...{ vendor: 'simplepractice', year, policy: testPolicy(), autoApprove: false },
    ...{ livemode: false, actor: 'test' },
  });
  if (!opening.opened) throw new Error(opening.why);
  return opening.assessment.assessmentId;
}

const feeIn = async (assessmentId: string, ref: string) => {
  const [fee] = await ledger().reports.fees({ assessmentId, ref, limit: 1 });
  if (!fee) throw new Error(`no fee of ${ref}`);
  return fee.feeId;
};

/** Looks at everybody of an assessment: those named owe, the others do not. */
async function lookAt(assessmentId: string, owing: string[]): Promise<void> {
  await ledger().assessments.enroll(assessmentId);
  for (const { feeId, ref, state } of await ledger().reports.fees({ assessmentId, limit: 100 })) {
    if (state !== 'detecting') continue;
    const owes = owing.includes(ref);
    await appendAll(ledger(), feeId, owes ? await assessed(feeId) : [sample('usage_checked')]);
  }
}

async function assessed(feeId: string) {
  const fee = await ledger().fees.load(feeId);
  if (!fee?.firstUse) throw new Error('no evidence');
  const { amountCents } = fee.assessment;
  return [entry('assessed', { amountCents, evidence: fee.firstUse })];
}

const refsOn = (body: string) =>
  [...body.matchAll(/<span class="small soft"\s*><bdi>([^<]+)<\/bdi><\/span/g)].map(([, r]) => r);

describe('before an assessment is opened', () => {
  it('its page says what opening will mean, with the months no file covers', async () => {
    await ledger().rates.put({
      ...{ vendor: 'simplepractice', year: 2026, royaltyCents: 1850, processingCents: 150 },
      ...{ status: 'confirmed', source: 'invoice <7>', enteredBy: 'office' },
    });
    const path = '/console/assessments/new?rate=simplepractice+2026';
    expect((await approver.get(path)).body).toContain('Nobody is on the roster of this vendor.');
    const used = await addPerson('S-1');
    await addPerson('S-2', { email: null, stripeCustomer: null });
    await recordUse(ledger(), used);
    await ledger().evidence.record({
      ...{ sha256: 'a'.repeat(64), fileName: 'a.csv', vendor: 'simplepractice', format: 'csv' },
      ...{ periodFrom: '2026-01-01', periodTo: '2026-02-28', bytes: 1, records: 1 },
      ...{ findings: 0, matched: 0, importedBy: 'office', uses: [], problems: [] },
    });
    const { body } = await approver.get(path);
    expect(body).toContain('<strong>$20.00</strong> per clinician');
    expect(body).toContain('invoice &lt;7&gt;');
    expect(body).toMatch(/No file covers March, April, [^.]*or December/);
    expect(body).toMatch(/3 files with uses of 2026 do not say/);
    expect(body).toMatch(/1 person\s+of 2 used a\s+code/);
    expect(body).toContain('1 person without an e-mail');
    expect(body).toContain('name="rate" value="simplepractice 2026"');
    expect((await reader.get(path)).body).not.toContain('name="rate"');
    expect((await approver.get('/console/assessments/new?rate=nobody+2026')).statusCode).toBe(404);
  });

  it('a forecast is shown and cannot be opened', async () => {
    const { body } = await approver.get('/console/assessments/new?rate=theranest+2027');
    expect(body).toContain('This is a forecast');
    expect(body).not.toContain('name="rate"');
  });
});

describe('an assessment with nobody in it', () => {
  it('says whether it is being drawn up or there is nobody', async () => {
    const { ledger: its } = consoleClient.feeFixtures;
    const id = await openYear(2025);
    const here = `/console/assessments/${id}`;
    expect((await reader.get(here)).body).toContain('The roster is being drawn up');
    // Everybody else works in another EHR; S-1 and S-2 move away.
    for (const ref of ['S-1', 'S-2']) await addPerson(ref, { vendor: 'therapynotes' });
    await its.assessments.enroll(id);
    for (const { feeId } of await its.reports.fees({ assessmentId: id, limit: 100 }))
      await appendAll(its, feeId, [sample('exempted')]);
    const { body } = await reader.get(here);
    expect(body).not.toContain('being drawn up');
    expect(body).toContain('Nobody is on the roster of this vendor');
    expect(body).toContain('Nothing to approve');
    for (const ref of ['S-1', 'S-2']) await addPerson(ref);
  });
});

describe('a roster to decide on', () => {
  let id: string;
  let here: string;

  beforeAll(async () => {
    const its = ledger();
    // A year ago S-1, B-1 and D-1 owed; now S-1, B-1 and N-1 do.
    for (const ref of ['B-1', 'D-1', 'N-1']) await addPerson(ref);
    const before = await openYear(2025);
    await its.assessments.enroll(before);
    for (const ref of ['B-1', 'D-1']) await use(ref, 2025);
    await lookAt(before, ['B-1', 'D-1']);
    await appendAll(its, await feeIn(before, 'B-1'), [
      sample('approved'),
      sample('notice_failed', { why: 'bounced' }),
      sample('held', { why: 'says no' }),
    ]);
    id = await openYear(2026, 1900);
    here = `/console/assessments/${id}`;
    for (const ref of ['B-1', 'N-1']) await use(ref, 2026);
    await lookAt(id, ['B-1', 'N-1', 'S-1']);
    await its.cards.saw('cus_N-1', {
      ...{ paymentMethod: 'pm_1', brand: 'visa', last4: '4242', expMonth: 1, expYear: 2026 },
    });
    await its.cards.saw('cus_S-1', {
      ...{ paymentMethod: 'pm_2', brand: 'visa', last4: '0002', expMonth: 2, expYear: 2026 },
    });
  });

  async function use(ref: string, year: number): Promise<void> {
    const [person] = await ledger().clinicians.similar([{ ref }]);
    await ledger().evidence.record({
      ...{ sha256: `${ref} ${year}`, fileName: 'a.csv', vendor: null, format: 'csv' },
      ...{ periodFrom: null, periodTo: null, bytes: 1, records: 1, findings: 1, matched: 1 },
      ...{ importedBy: 'office', problems: [] },
      uses: [
        {
          ...{ clinicianId: person?.clinicianId ?? '', year, kind: 'billing', line: 1 },
          ...{ firstUsedOn: `${year}-03-01`, rule: 'sv1', certainty: 'sure' },
        },
      ],
    });
  }

  it('names people, amount and day on the one button', async () => {
    const { body } = await approver.get(here);
    // The clock says February 2, 2026; in 14 days the charge hour is past.
    expect(body).toContain('Approve: 3 people, $60.00, charged from February 17, 2026</button>');
    expect(body).toMatch(/The fee was \$19\.50 and is\s+<strong>\$20\.00<\/strong> now/);
    expect(body).toMatch(/The expiry is known for 2 of\s+3 cards/);
    expect((await reader.get(here)).body).not.toContain('Approve: 3');
  });

  it.each([
    ['new', ['N-1', 'S-1']],
    ['dropped', ['D-1']],
    ['still', ['B-1']],
    ['bounced', ['B-1']],
    ['before', ['B-1']],
    ['expiring', ['N-1']],
  ])('lists who is %s, as many as it counts', async (mark, refs) => {
    expect(refsOn((await reader.get(`${here}/roster?mark=${mark}`)).body)).toEqual(refs);
    const counted = new RegExp(
      `<span class="count">${refs.length}</span>\\s*<span>\\s*` +
        `<a href="${here}/roster\\?mark=${mark}"`,
    );
    expect((await reader.get(here)).body).toMatch(counted);
  });

  it('is searched, and shown page by page', async () => {
    expect(refsOn((await reader.get(`${here}/roster?q=person+n-`)).body)).toEqual(['N-1']);
    expect((await reader.get(`${here}/roster?bucket=held`)).body).toContain('Nobody here.');
    const page = await ledger().years.roster(
      id,
      '2026-02-16',
      { bucket: 'will_be_charged', mark: null, text: null },
      { after: 'B-1', limit: 1 },
    );
    expect(page).toMatchObject([{ ref: 'N-1', amountCents: 2000, firstUsedOn: '2026-03-01' }]);
  });

  it('counts without a hash as with it', async () => {
    const { totals } = await ledger().assessments.totals(id);
    expect(await ledger().years.totals(id)).toEqual(totals);
    const other = consoleClient.feeFixtures.assessmentId;
    const its = await ledger().assessments.totals(other);
    expect(await ledger().years.totals(other)).toEqual(its.totals);
  });

  it('that changed since it was shown says who, and approves only what it shows then', async () => {
    const its = ledger();
    const { body } = await approver.get(here);
    const hash = /name="hash" value="([0-9a-f]{64})"/.exec(body)?.[1] ?? '';
    await addPerson('N-1', { email: 'other@people.example' });
    await addPerson('S-1', { stripeCustomer: 'cus_other' });
    await appendAll(its, await feeIn(id, 'B-1'), [sample('held', { why: 'not yet' })]);
    await use('D-1', 2026);
    await appendAll(its, await feeIn(id, 'D-1'), await assessed(await feeIn(id, 'D-1')));

    const stale = await approver.post(`${here}/approve`, { hash, read: 'yes' });
    expect(stale.statusCode).toBe(409);
    expect(stale.body).toContain('Nothing was approved.');
    const rows = [...stale.body.matchAll(/<tr>[^]*?<\/tr>/g)].map(([row]) =>
      row
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    );
    expect(rows.slice(1)).toEqual([
      'Person D-1 D-1 Came in No use Will be charged amount, evidence of use',
      'Person B-1 B-1 Went out Will be charged Held',
      'Person N-1 N-1 Changed Will be charged Will be charged e-mail',
      'Person S-1 S-1 Changed Will be charged Will be charged Stripe customer',
    ]);
    const [line] = await its.access.audited({ limit: 1 });
    expect(line).toMatchObject({ action: 'approve', detail: { outcome: 'stale_roster' } });
    const states = async () =>
      (await its.reports.fees({ assessmentId: id, limit: 100 })).map(({ state }) => state);
    expect(await states()).not.toContain('approved');

    const renewed = /name="hash" value="([0-9a-f]{64})"/.exec(stale.body)?.[1] ?? '';
    expect(stale.body).toContain('Approve: 3 people, $60.00');
    const done = await approver.post(`${here}/approve`, { hash: renewed, read: 'yes' });
    expect(done.headers.location).toBe(`${here}?done=approved`);
    expect((await states()).filter((state) => state === 'approved')).toHaveLength(3);
    expect((await approver.get(here)).body).toContain('everybody who owes a fee was decided on');
  });
});
