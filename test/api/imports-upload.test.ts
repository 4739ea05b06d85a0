import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createConsoleClient,
  formTokenIn,
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
const names = async () => (await ledger().evidence.imports()).map(({ fileName }) => fileName);

interface SentFile {
  name: string;
  content: string;
}

/** Sends files as the form on the page would; `cut` bytes of its end are lost. */
function send(
  visitor: Visitor,
  files: SentFile[],
  { fields = {}, cut = 0 }: { fields?: Record<string, string>; cut?: number } = {},
) {
  const chosen = files.map(({ name, content }) => new File([content], name));
  return visitor.upload('/console/imports/upload', { ...fields, files: chosen }, cut);
}

const csv = (day: string) => `Date,Clinician Name,CPT Code\n${day},Person of paid,90837\n`;
const LETTER = { name: 'letter.pdf', content: '%PDF-1.4 nothing' };

describe('exports that are uploaded', () => {
  it('are read one by one, and a file that is none spoils nothing', async () => {
    const files = [
      { name: 'march.csv', content: csv('2026-03-02') },
      LETTER,
      { name: '<b>april.csv', content: csv('2026-04-02') },
    ];
    const { statusCode, body } = await send(operator, files, { fields: { vendor: 'theranest' } });
    expect(statusCode).toBe(200);
    expect(body).toContain('3 files came in');
    expect(body).toMatch(/letter\.pdf[\s\S]+Not read\.[\s\S]+PDF[\s\S]+Nothing of it was kept/);
    expect(body).toContain('<bdi>&lt;b&gt;april.csv</bdi>');
    expect(body.match(/<strong>1 use<\/strong>/g)).toHaveLength(2);
    expect(await names()).toEqual(expect.arrayContaining(['march.csv', '<b>april.csv']));
    const [line] = await ledger().access.audited({ limit: 1 });
    expect(line).toMatchObject({ action: 'import', actor: operator.name });
  });

  it('are known when they come again', async () => {
    const again = await send(operator, [{ name: 'again.csv', content: csv('2026-03-02') }]);
    expect(again.body).toContain('Known already');
    expect(await names()).not.toContain('again.csv');
  });

  it('leave nothing when the form ends in the middle of one', async () => {
    const file = {
      name: 'cut.csv',
      content: `${csv('2026-05-02')}${'2026-05-03,x,\n'.repeat(99)}`,
    };
    const answer = await send(operator, [file], { cut: 200 });
    expect(answer.statusCode).toBe(400);
    expect(await names()).not.toContain('cut.csv');
  });

  it.each([
    ['a period with one day', { from: '2026-01-01' }, /first and a last day/],
    ['a vendor there is not', { vendor: 'nobody' }, /vendor/i],
  ])('are refused in words with %s', async (_, fields, words) => {
    const file = { name: 'x.csv', content: csv('2026-06-02') };
    const { statusCode, body } = await send(operator, [file], { fields });
    expect(statusCode).toBe(422);
    expect(body).toMatch(words);
    expect(await names()).not.toContain('x.csv');
  });

  it('are asked for when none was chosen', async () => {
    const { statusCode, body } = await send(operator, [{ name: '', content: '' }]);
    expect(statusCode).toBe(422);
    expect(body).toContain('Choose a file.');
  });

  it('leave nothing when the line breaks in the middle of one', async () => {
    await consoleClient.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = consoleClient.app.server.address() as AddressInfo;
    const token = formTokenIn((await operator.get('/console')).body);
    const body =
      `--edge\r\ncontent-disposition: form-data; name="token"\r\n\r\n${token}\r\n` +
      '--edge\r\ncontent-disposition: form-data; name="files"; filename="broken.csv"\r\n\r\n' +
      csv('2026-08-02').repeat(9_000);
    const head = [
      'POST /console/imports/upload HTTP/1.1',
      'host: levy.test',
      `cookie: ${operator.cookie}`,
      'origin: http://levy.test',
      'content-type: multipart/form-data; boundary=edge',
      `content-length: ${Buffer.byteLength(body) + 1_000}`,
    ];
    const ended = new Promise<void>((resolve) =>
      consoleClient.app.server.once('request', (request) => request.once('close', () => resolve())),
    );
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
    await ended;
    expect(await names()).not.toContain('broken.csv');
  });

  it('are not read without the token of the session, or the scope', async () => {
    const file = { name: 'stolen.csv', content: csv('2026-07-02') };
    expect((await send(operator, [file], { fields: { token: 'x' } })).statusCode).toBe(403);
    expect((await send(reader, [file])).statusCode).toBe(403);
    expect((await reader.get('/console/imports/upload')).statusCode).toBe(403);
    expect(await names()).not.toContain('stolen.csv');
  });
});
