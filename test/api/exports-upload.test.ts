import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createConsoleClient,
  formTokenIn,
  HOST,
  type ConsoleClient,
  type Visitor,
} from './console-client.ts';

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
const imports = () => ledger().evidence.imports();

const HEADER = 'Date of Service,Client,Clinician,Clinician NPI,Billing Code';
const table = (...rows: string[]) => [HEADER, ...rows, ''].join('\n');
const row = (who: string, date: string) => `${date},Client,"${who}",,90834`;

interface Sent {
  token?: string | null;
  fields?: Record<string, string>;
}

type Named = [name: string, content: string | Buffer];

async function bodyOf(visitor: Visitor, files: Named[], { token, fields = {} }: Sent) {
  const ours = token === undefined ? formTokenIn((await visitor.get('/console')).body) : token;
  const field = (name: string, value: string) =>
    `--edge\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const head = [...(ours === null ? [] : [['token', ours] as const]), ...Object.entries(fields)];
  return Buffer.concat([
    ...head.map(([name, value]) => Buffer.from(field(name, value))),
    ...files.flatMap(([name, content]) => [
      Buffer.from(
        '--edge\r\ncontent-disposition: form-data; name="file"; ' +
          `filename="${name}"\r\ncontent-type: text/csv\r\n\r\n`,
      ),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]),
    Buffer.from('--edge--\r\n'),
  ]);
}

const headersOf = (visitor: Visitor) => ({
  ...HOST,
  cookie: visitor.cookie,
  origin: 'http://levy.test',
  accept: 'text/html',
  'content-type': 'multipart/form-data; boundary=edge',
});

/** Sends files as the form on the page would. */
async function send(visitor: Visitor, files: Named[], sent: Sent = {}) {
  return consoleClient.app.inject({
    method: 'POST',
    url: '/console/imports',
    headers: headersOf(visitor),
    payload: await bodyOf(visitor, files, sent),
  });
}

const plain = (page: string) => page.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');

describe('exports that are sent in the console', () => {
  it('are read one by one, and each says what came of it', async () => {
    const before = (await imports()).length;
    const spring = table(row('Zoë Nuñez-Öztürk', '2026-03-01'), row('Nobody Here', '2026-03-02'));
    const answer = await send(operator, [
      ['C:\\exports\\spring.csv', spring],
      ['picture.png', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
      ['empty.csv', ''],
      ['again <b>.csv', spring],
    ]);
    expect(answer.statusCode, answer.body).toBe(200);
    const text = plain(answer.body);
    expect(text).toContain('What came of 4 files');
    expect(text).toMatch(/spring\.csv Read\. \d+ records?, 2 uses found/);
    expect(text).toContain('1 not matched to anybody');
    expect(text).toContain('picture.png Refused. This is no file of usage records.');
    expect(text).toContain('empty.csv Refused. There is nothing in this file.');
    expect(text).toContain('Known already: nothing has changed.');
    expect(answer.body).toContain('again &lt;b&gt;.csv');
    const after = await imports();
    expect(after).toHaveLength(before + 1);
    const kept = after.find(({ fileName }) => fileName === 'spring.csv');
    expect(kept).toMatchObject({ importedBy: operator.name, matched: 1 });
    expect(answer.body).toContain(`/console/imports/${kept!.importId}`);
  });

  it('take their year from the period, and say when it is none', async () => {
    const undated = 'Clinician,Billing Code\n"Nobody Undated",90834\n';
    const wrong = await send(operator, [['undated.csv', undated]], {
      fields: { from: '2026-05-01', to: '' },
    });
    expect(wrong.statusCode).toBe(422);
    expect(plain(wrong.body)).toContain('Give both days, or none.');
    const vendor = 'theranest';
    const right = await send(operator, [['undated.csv', undated]], {
      fields: { vendor, from: '2026-01-01', to: '2026-06-30' },
    });
    expect(right.statusCode, right.body).toBe(200);
    expect(plain(right.body)).not.toContain('without a date');
  });

  it('are read only with the form’s token and the scope', async () => {
    const before = (await imports()).length;
    const file: Named = ['late.csv', table(row('Zoë Nuñez-Öztürk', '2026-04-01'))];
    for (const token of [null, 'another']) {
      const answer = await send(operator, [file], { token });
      expect(answer.statusCode).toBe(403);
    }
    expect((await send(reader, [file])).statusCode).toBe(403);
    expect((await reader.get('/console/imports')).body).not.toContain('type="file"');
    expect((await send(operator, [])).body).toContain('No file was sent');
    expect(await imports()).toHaveLength(before);
  });

  it('leave nothing when the line breaks or the form ends too early', async () => {
    const before = (await imports()).length;
    const rows = Array.from({ length: 20_000 }, () => row('Zoë Nuñez-Öztürk', '2026-06-01'));
    const whole = await bodyOf(operator, [['cut.csv', table(...rows)]], {});
    const cut = whole.subarray(0, whole.length - 40_000);
    const early = await consoleClient.app.inject({
      method: 'POST',
      url: '/console/imports',
      headers: headersOf(operator),
      payload: cut,
    });
    expect(early.statusCode).toBeGreaterThanOrEqual(400);
    expect(await imports()).toHaveLength(before);

    await consoleClient.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = consoleClient.app.server.address() as AddressInfo;
    const ended = new Promise<void>((resolve) =>
      consoleClient.app.server.once('request', (request) => request.once('close', () => resolve())),
    );
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const lines = Object.entries(headersOf(operator)).map(([name, value]) => `${name}: ${value}`);
    socket.write(
      ['POST /console/imports HTTP/1.1', ...lines, `content-length: ${whole.length}`, '', ''].join(
        '\r\n',
      ),
    );
    socket.write(cut, () => socket.destroy());
    await ended;
    await expect
      .poll(async () => (await ledger().access.audited({ limit: 3 })).map(({ detail }) => detail))
      .toContainEqual(expect.objectContaining({ outcome: 'truncated_upload' }));
    expect(await imports()).toHaveLength(before);
    const again = await send(operator, [['cut.csv', table(...rows)]]);
    expect(plain(again.body)).toContain('cut.csv Read.');
  });
});
