import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiClient, SECRET, type ApiClient } from './api-client.ts';

const OLD_SECRET = 'whsec_the_one_before_987654321';
let apiClient: ApiClient;
beforeAll(async () => {
  apiClient = await openApiClient({ webhookSecrets: [SECRET, OLD_SECRET] });
});
afterAll(() => apiClient.close());

const now = () => Math.floor((performance.timeOrigin + performance.now()) / 1000);

function eventOf(id: string, changes: object = {}): string {
  return JSON.stringify({
    id,
    object: 'event',
    type: 'payment_intent.succeeded',
    livemode: false,
    created: now(),
    data: { object: { id: 'pi_1', object: 'payment_intent', customer: 'cus_1', metadata: {} } },
    ...changes,
  });
}

function signed(body: string, secret = SECRET, at = now()): string {
  const signature = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
  return `t=${at},v1=${signature}`;
}

const send = (body: string | Buffer, signature?: string, type = 'application/json') =>
  apiClient.ask('POST', '/webhooks/stripe', {
    token: null,
    body,
    headers: { 'content-type': type, ...(signature && { 'stripe-signature': signature }) },
  });
const stored = async () =>
  (await apiClient.db.pool.query('select event_id from webhook_events order by 1')).rows;
const events = async () =>
  (await apiClient.queues.queues['webhook-event'].getJobs(['waiting'])).map((job) => job.data);

describe('an event that is not to be believed', () => {
  it.each([
    ['unsigned', (body: string) => send(body), 'bad_signature'],
    [
      'signed by somebody else',
      (body: string) => send(body, signed(body, 'whsec_evil_evil')),
      'bad_signature',
    ],
    ['signed for another body', (body: string) => send(body, signed(`${body} `)), 'bad_signature'],
    ['with a signature of nonsense', (body: string) => send(body, 't=1,v1=zz'), 'bad_signature'],
    [
      'signed six minutes ago',
      (body: string) => send(body, signed(body, SECRET, now() - 360)),
      'stale_event',
    ],
    ['that is no JSON', () => send('{', signed('{')), 'malformed_event'],
    ['that is no event', () => send('{}', signed('{}')), 'malformed_event'],
    ['with an id of nobody', () => bad({ id: '../x' }), 'malformed_event'],
    ['of the other mode', () => bad({ livemode: true }), 'wrong_mode'],
    ['without a body', () => send('', signed('')), 'malformed_event'],
  ])('%s is refused and not stored', async (_, sent, code) => {
    const answer = await sent(eventOf('evt_forged'));
    expect(answer).toMatchObject({ status: 400, code });
    expect(await stored()).toEqual([]);
    expect(await events()).toEqual([]);
  });

  const bad = (changes: object) => {
    const body = eventOf('evt_bad', changes);
    return send(body, signed(body));
  };

  it('of another type or of 300 KB is not read', async () => {
    const body = eventOf('evt_form');
    expect(await send(body, signed(body), 'text/plain')).toMatchObject({ status: 415 });
    const large = eventOf('evt_large', { pad: 'x'.repeat(300_000) });
    expect(await send(large, signed(large))).toMatchObject({ status: 413, code: 'too_large' });
  });
});

describe('an event of Stripe’s', () => {
  it('is stored once and hinted once, however often it comes', async () => {
    const body = eventOf('evt_1');
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(body, signed(body))));
    for (const answer of answers) expect(answer.status).toBe(200);
    expect(answers.filter(({ json }) => !json.duplicate)).toHaveLength(1);
    expect(await stored()).toEqual([{ event_id: 'evt_1' }]);
    expect(await events()).toEqual([{ eventId: 'evt_1' }]);
  });

  it('is believed with either secret while one is replaced', async () => {
    const body = eventOf('evt_2');
    expect((await send(body, signed(body, OLD_SECRET))).json).toEqual({
      received: true,
      duplicate: false,
    });
  });

  it('leaves nothing of its content but whom it is about', async () => {
    const object = {
      id: 'pi_3',
      object: 'payment_intent',
      customer: 'cus_3',
      receipt_email: 'canary@x.example',
      metadata: { fee: 'not a fee' },
    };
    const body = eventOf('evt_3', { data: { object } });
    expect((await send(body, signed(body))).status).toBe(200);
    const { rows } = await apiClient.db.pool.query(
      "select * from webhook_events where event_id='evt_3'",
    );
    expect(rows).toMatchObject([{ object_id: 'pi_3', customer: 'cus_3', fee_id: null }]);
    expect(JSON.stringify(rows)).not.toContain('canary');
    expect(apiClient.log()).not.toContain('canary');
  });

  it('is stored although the queue is away: the pump finds it', async () => {
    const away = await openApiClient();
    await away.queues.queues['webhook-event'].close();
    const body = eventOf('evt_4');
    const answer = await away.app.inject({
      method: 'POST',
      url: '/webhooks/stripe',
      headers: { 'content-type': 'application/json', 'stripe-signature': signed(body) },
      payload: body,
    });
    expect(answer.statusCode).toBe(200);
    expect(await away.ledger.events.open(10)).toMatchObject([{ id: 'evt_4' }]);
    await away.close();
  });
});
