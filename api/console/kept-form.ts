import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { ApiDeps } from '../deps.ts';
import { refuseOtherSites } from '../http/auth.ts';
import { problem } from '../http/errors.ts';
import { html, type Html } from './html.ts';
import { isolated } from './isolated.ts';

/** A form that was sent after its session had ended: where it goes, and its fields in order. */
interface KeptForm {
  path: string;
  fields: [name: string, value: string][];
}

/** The largest form that is kept, in bytes: as large as the console takes. */
const KEPT_BYTES = 16_384;

/** Fields that are never carried along. */
const SECRET = /password|secret|code|again|current|ticket/i;

/**
 * Keeps the fields of a form that was sent after its session had ended, packed and signed. Null
 * when there is nothing to keep: a file, a form with a password, or a form that is too large.
 * Throws `other_site` unless the browser says that the form is of our own page.
 */
export async function keepForm(request: FastifyRequest, deps: ApiDeps): Promise<string | null> {
  const { headers, url } = request;
  refuseOtherSites(request, deps);
  // The cookie of a session is not sent from another site, so its absence proves nothing here.
  if (headers.origin === undefined && headers['sec-fetch-site'] !== 'same-origin')
    throw problem('no_token');
  const length = Number(headers['content-length'] ?? NaN);
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  const path = url.split('?', 1)[0] ?? '';
  if (!isForm || !(length <= KEPT_BYTES) || !/^\/console\/[\w\-/]+$/.test(path)) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of request.raw) chunks.push(chunk as Buffer);
  const posted = [...new URLSearchParams(Buffer.concat(chunks).toString('utf8'))];
  const fields = posted.filter(([name]) => name !== 'token');
  if (fields.some(([name]) => SECRET.test(name))) return null;
  return pack(deps, { path, fields });
}

/** The same of a form that was read already; null when it holds a secret or is from elsewhere. */
export function typedAgain(request: FastifyRequest): KeptForm | null {
  const { headers, url, body } = request;
  // A request from another site was refused before. One that does not say where from stays out.
  if (headers.origin === undefined && headers['sec-fetch-site'] !== 'same-origin') return null;
  if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return null;
  const fields = Object.entries((body ?? {}) as Record<string, string | string[]>).flatMap(
    ([name, values]) => [values].flat().map((value): [string, string] => [name, value]),
  );
  const kept = fields.filter(([name]) => name !== 'token');
  if (kept.some(([name]) => SECRET.test(name))) return null;
  return { path: url.split('?', 1)[0] ?? '', fields: kept };
}

function pack(deps: ApiDeps, form: KeptForm): string {
  const body = Buffer.from(JSON.stringify(form)).toString('base64url');
  return `${body}.${signature(deps, body)}`;
}

/** The form that was packed; null when it was not packed here. */
export function unpackForm(deps: ApiDeps, packed: string): KeptForm | null {
  const [body = '', given = ''] = packed.split('.');
  const expected = Buffer.from(signature(deps, body));
  const sent = Buffer.from(given);
  if (sent.length !== expected.length || !timingSafeEqual(sent, expected)) return null;
  return JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as KeptForm;
}

function signature({ sessionSecret }: ApiDeps, body: string): string {
  return createHmac('sha256', sessionSecret).update(`kept ${body}`).digest('base64url');
}

/** The page from which the browser came, to go back to it after signing in. */
export function cameFrom(request: FastifyRequest): string {
  const { referer } = request.headers;
  if (!referer || !URL.canParse(referer)) return '/console';
  const { pathname, search, host } = new URL(referer);
  return host === request.host ? `${pathname}${search}` : '/console';
}

/** The page that sends a kept form, when somebody presses its button. */
export function resumeBody({ path, fields }: KeptForm, formToken: string): Html {
  const shown = fields.filter(([name, value]) => FIELDS[name] && value !== '');
  return html`<section class="card narrow">
    <h1>Send it now?</h1>
    <p>
      Your session had ended when you sent this, so nothing happened. Here is what you were about to
      do: <strong>${actOf(path)}</strong>.
    </p>
    <dl class="facts">
      ${shown.map(
        ([name, value]) =>
          html`<dt>${FIELDS[name]}</dt>
            <dd>${isolated(value)}</dd>`,
      )}
    </dl>
    <form method="post" action="${path}">
      <input type="hidden" name="token" value="${formToken}" />
      ${fields.map(
        ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
      )}
      <p class="buttons">
        <button>Send it now</button>
        <a class="button plain" href="/console">Do not send it</a>
      </p>
    </form>
  </section>`;
}

/** Fields whose content people know, in their words. */
const FIELDS: Record<string, string> = {
  why: 'Reason',
  ref: 'Reference',
  name: 'Name',
  email: 'E-mail',
  npi: 'NPI',
  timeZone: 'Time zone',
  note: 'Note',
  source: 'Source',
};

/** What a form does, by the last word of its address. */
const ACTS: Record<string, string> = {
  waive: 'waive a fee',
  hold: 'hold a fee',
  release: 'release a fee',
  retry: 'try a fee again',
  bounce: 'note that a notice came back',
  refund: 'refund a payment',
  'card-link': 'make a link to give another card',
  approve: 'approve a roster',
  pause: 'pause an assessment',
  resume: 'resume an assessment',
  assessments: 'open an assessment',
  confirm: 'write an uploaded roster',
  discard: 'discard an upload',
  colleagues: 'invite a colleague',
  role: 'change what a colleague may do',
  end: 'end an access',
  revoke: 'revoke an access token',
};

function actOf(path: string): string {
  const last = path.split('/').at(-1) ?? '';
  if (Object.hasOwn(ACTS, last)) return ACTS[last] ?? '';
  if (path.startsWith('/console/people')) return 'save a person of the roster';
  return path.startsWith('/console/evidence') ? 'decide on a finding' : 'send a form';
}
