/**
 * A mailbox for everybody: an SMTP server that accepts mail for any address (or refuses it, by the
 * address: see addresses.ts) and pages to read it on. Nothing is ever sent on.
 */
import { EventEmitter } from 'node:events';
import http from 'node:http';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import { systemClock } from '../clock.ts';
import { openJournal } from '../journal.ts';
import { createReceptionist } from './addresses.ts';
import type { Reception } from './addresses.ts';
import type { Mail } from './mail.ts';
import { listPage, MAILBOX_POLICY, messagePage, missingPage } from './pages.ts';

/** How a mailbox is started. Everything may be left out. */
export interface MailboxOptions {
  /** 0, the default, takes a free port. */
  smtpPort?: number;
  httpPort?: number;
  host?: string;
  /** Milliseconds since 1970; the machine's clock unless given. */
  clock?: () => number;
  /** How many messages are kept (1,000); older ones go. */
  keep?: number;
  /** A file in which the messages outlive a restart; none unless given. */
  journal?: string;
  /** Take mail and forget it unread: only counted, for benches. */
  discard?: boolean;
  /** How long `slow...@` addresses take to answer, in milliseconds (3,000). */
  slowMs?: number;
}

/** A running mailbox. */
export interface Mailbox {
  /** e.g. `smtp://127.0.0.1:41025` */
  smtpUrl: string;
  /** Where its pages are, e.g. `http://127.0.0.1:41080` */
  url: string;
  /** The messages kept, oldest first. */
  messages(): Mail[];
  /** How many messages arrived since the start, kept or not. */
  received(): number;
  /** Resolves once that many messages have arrived. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts a mailbox. Rejects when a port is taken. */
export async function startMailbox(options: MailboxOptions = {}): Promise<Mailbox> {
  const host = options.host ?? '127.0.0.1';
  const shelf = createShelf(options);
  const smtp = createSmtp(options, shelf);
  const pages = http.createServer((request, response) => servePage(shelf, request, response));
  const smtpPort = await listen(smtp.server, options.smtpPort ?? 0, host);
  const httpPort = await listen(pages, options.httpPort ?? 0, host);
  smtp.on('error', () => undefined);
  return {
    smtpUrl: `smtp://${host}:${smtpPort}`,
    url: `http://${host}:${httpPort}`,
    messages: () => shelf.mails(),
    received: () => shelf.received(),
    arrived: (count) => shelf.arrived(count),
    async close() {
      pages.closeAllConnections();
      await new Promise((resolve) => pages.close(resolve));
      await new Promise<void>((resolve) => smtp.close(() => resolve()));
      shelf.close();
    },
  };
}

type Shelf = ReturnType<typeof createShelf>;

/** The messages that are kept, on disk, too, when there is a journal. */
function createShelf(options: MailboxOptions) {
  const { clock = systemClock, keep = 1000 } = options;
  const kept = new Map<string, Mail>();
  const journal = options.journal
    ? openJournal(
        options.journal,
        ([, id, mail]) => void (mail ? kept.set(id, mail as Mail) : kept.delete(id)),
        () => [...kept].map(([id, mail]) => ['mail', id, mail]),
      )
    : null;
  const arrivals = new EventEmitter().setMaxListeners(0);
  const before = kept.size;
  let received = 0;
  let ids = Math.max(0, ...[...kept.keys()].map((id) => Number.parseInt(id.slice(1), 36)));
  return {
    clock,
    mails: () => [...kept.values()],
    find: (id: string) => kept.get(id),
    received: () => received,
    /** Those received, and those kept from before the start. */
    total: () => before + received,
    /** An id that no other mail gets, also of those that are read at the same time. */
    nextId: () => `M${(ids += 1).toString(36).toUpperCase().padStart(8, '0')}`,
    put(mail: Mail | undefined): void {
      received += 1;
      if (mail) {
        kept.set(mail.id, mail);
        journal?.append([['mail', mail.id, mail]]);
      }
      const [oldest] = kept.keys();
      if (kept.size > keep && oldest !== undefined) {
        kept.delete(oldest);
        journal?.append([['mail', oldest, null]]);
      }
      arrivals.emit('mail');
    },
    async arrived(count: number): Promise<void> {
      while (received < count) await new Promise((resolve) => arrivals.once('mail', resolve));
    },
    close: () => journal?.close(),
  };
}

function createSmtp(options: MailboxOptions, shelf: Shelf): SMTPServer {
  const receive = createReceptionist();
  const receptions = new WeakMap<SMTPServerSession, Reception[]>();
  const smtp: SMTPServer = new SMTPServer({
    authOptional: true,
    banner: 'levy sandbox mailbox',
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 100,
    onMailFrom(_address, session, callback) {
      receptions.set(session, []);
      callback();
    },
    onRcptTo({ address }, session, callback) {
      const reception = receive(address);
      if (reception.kind === 'reject') {
        callback(Object.assign(new Error(reception.text), { responseCode: reception.code }));
        return;
      }
      receptions.get(session)?.push(reception);
      callback();
    },
    onData(stream, session, callback) {
      const kinds = (receptions.get(session) ?? []).map(({ kind }) => kind);
      takeMail(stream, session, options, shelf).then(
        (id) => {
          // Taken, and the sender never learns of it: the worst moment for a line to break.
          if (kinds.includes('drop')) return breakLine(smtp, session);
          const wait = kinds.includes('slow') ? (options.slowMs ?? 3000) : 0;
          const answer = () => callback(null, `2.0.0 Ok: queued as ${id}`);
          if (wait === 0) answer();
          else setTimeout(answer, wait).unref();
        },
        (error: Error) => callback(error),
      );
    },
  });
  return smtp;
}

/** Ends the connection that a session runs on, without a word. */
function breakLine(smtp: SMTPServer, session: SMTPServerSession): void {
  for (const connection of smtp.connections) {
    if (connection.session === session) connection._socket.destroy();
  }
}

async function takeMail(
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  options: MailboxOptions,
  shelf: Shelf,
): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) if (!options.discard) chunks.push(chunk as Buffer);
  const id = shelf.nextId();
  shelf.put(
    options.discard ? undefined : await readMail(id, Buffer.concat(chunks), session, shelf),
  );
  return id;
}

async function readMail(
  id: string,
  raw: Buffer,
  session: SMTPServerSession,
  shelf: Shelf,
): Promise<Mail> {
  const parsed = await simpleParser(raw);
  const { mailFrom, rcptTo } = session.envelope;
  const to = rcptTo.map(({ address }) => address);
  return {
    id,
    receivedAt: new Date(shelf.clock()).toISOString(),
    envelope: { from: mailFrom ? mailFrom.address : '', to },
    from: parsed.from?.text ?? '',
    to,
    subject: parsed.subject ?? '(no subject)',
    messageId: parsed.messageId ?? null,
    text: parsed.text ?? '',
    html: parsed.html || null,
    headers: parsed.headerLines.map(({ line }) => headerOf(line)),
    attachments: parsed.attachments.map(({ filename, contentType, size }) => ({
      filename: filename ?? null,
      contentType,
      bytes: size,
    })),
    raw: raw.toString('utf8'),
  };
}

function headerOf(line: string): { name: string; value: string } {
  const cut = line.indexOf(':');
  return { name: line.slice(0, cut), value: line.slice(cut + 1).trim() };
}

function servePage(
  shelf: Shelf,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): void {
  const path = (request.url ?? '/').split('?')[0] as string;
  const send = (status: number, type: string, body: string) => {
    response.writeHead(status, {
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy': MAILBOX_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    response.end(body);
  };
  if (path === '/') {
    send(200, 'text/html', listPage(shelf.mails().reverse(), shelf.total()));
  } else if (path === '/messages.json') {
    send(
      200,
      'application/json',
      JSON.stringify({ total: shelf.total(), messages: shelf.mails() }),
    );
  } else {
    const [, id = '', form] = /^\/messages\/(\w+)(\.eml)?$/.exec(path) ?? [];
    const mail = shelf.find(id);
    if (!mail) send(404, 'text/html', missingPage());
    else if (form) send(200, 'text/plain', mail.raw);
    else send(200, 'text/html', messagePage(mail));
  }
}

async function listen(
  server: { once: NodeJS.EventEmitter['once']; listen: unknown; address(): unknown },
  port: number,
  host: string,
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    (server as http.Server).listen(port, host, resolve);
  });
  return (server.address() as { port: number }).port;
}
