import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { Secret, TOTP } from 'otpauth';
import { formTokenIn, HOST, type Visitor } from './console-client.ts';

const ORIGIN = 'http://levy.test';

/** A browser with a cookie jar, signed in or not. */
export interface Browser {
  get(url: string): Promise<LightMyRequestResponse>;
  /** Sends a form with the fields given, and no more. */
  send(url: string, fields: Record<string, string>): Promise<LightMyRequestResponse>;
  /** Sends a form with the token of the page that it is on. */
  press(
    page: string,
    url: string,
    fields?: Record<string, string>,
  ): Promise<LightMyRequestResponse>;
  signIn(email: string, password: string): Promise<LightMyRequestResponse>;
  /** Forgets the session, as when it has ended. */
  forget(): void;
}

/** A new browser in which nobody was ever signed in. */
export function createBrowser(app: FastifyInstance, ip = '127.0.0.1'): Browser {
  const jar = new Map<string, string>();
  const keep = (answer: LightMyRequestResponse) => {
    for (const { name, value } of answer.cookies as { name: string; value: string }[])
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    return answer;
  };
  const headers = () => ({
    ...HOST,
    accept: 'text/html',
    'user-agent': 'Mozilla/5.0 Firefox/140.0',
    cookie: [...jar].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('; '),
  });
  const get: Browser['get'] = async (url) =>
    keep(await app.inject({ method: 'GET', url, headers: headers(), remoteAddress: ip }));
  const send: Browser['send'] = async (url, fields) =>
    keep(
      await app.inject({
        method: 'POST',
        url,
        remoteAddress: ip,
        headers: {
          ...headers(),
          origin: ORIGIN,
          'content-type': 'application/x-www-form-urlencoded',
        },
        payload: new URLSearchParams(fields).toString(),
      }),
    );
  return {
    get,
    send,
    press: async (page, url, fields = {}) =>
      send(url, { token: formTokenIn((await get(page)).body), ...fields }),
    signIn: (email, password) => send('/console/sign-in', { email, password }),
    forget: () => void jar.delete('levy'),
  };
}

export const PASSWORD = 'correct horse battery';

/** The link to join that a page shows, without its host. */
export function linkIn(page: string): string {
  return /\/console\/join\/[\w-]+/.exec(page)?.[0] ?? '';
}

/** Invites somebody as `by`, who joins and signs in. */
export async function joinColleague(
  app: FastifyInstance,
  by: Visitor,
  { name, role }: { name: string; role: string },
): Promise<Browser & { email: string }> {
  const email = `${name.toLowerCase().replace(/\W+/g, '.')}@practice.example`;
  const invited = await by.post('/console/colleagues', { name, email, role });
  const browser = createBrowser(app);
  await browser.send(linkIn(invited.body), { password: PASSWORD, again: PASSWORD });
  await browser.signIn(email, PASSWORD);
  return { ...browser, email };
}

/** Sets up an authenticator app. Gives its codes by the step from now, and the recovery codes. */
export async function setUpApp(
  browser: Browser,
  now: Date,
): Promise<{ code(steps: number): string; recovery: string[] }> {
  await browser.press('/console/me', '/console/me/authenticator/new');
  const page = await browser.get('/console/me/authenticator');
  const secret = Secret.fromBase32(
    (/class="key">([A-Z2-7 ]+)</.exec(page.body)?.[1] ?? '').replace(/ /g, ''),
  );
  const code = (steps: number) =>
    TOTP.generate({ secret, timestamp: now.getTime() + steps * 30_000 });
  const url = '/console/me/authenticator';
  const done = await browser.press(url, url, { code: code(0) });
  const recovery = [...done.body.matchAll(/<code>([a-z2-7-]{19})<\/code>/g)].map(([, one]) => one!);
  return { code, recovery };
}
