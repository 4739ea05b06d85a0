import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';

/** The parts of the one stylesheet, in order. */
const STYLES = [
  'base.css',
  'parts.css',
  'forms.css',
  'tables.css',
  'people.css',
  'desk.css',
  'year.css',
  'invoices.css',
  'access.css',
  'uploads.css',
  'exports.css',
];

/** The script that every page loads, and the files it imports. */
const SCRIPTS = ['console.js', 'keys.js', 'upload.js', 'review.js', 'live.js'];

/** Routes of the stylesheet, the icon and the scripts, which are the same for everybody. */
export async function consoleAssets(scope: FastifyInstance): Promise<void> {
  const styles = await Promise.all(STYLES.map((name) => read(`./style/${name}`)));
  asset(scope, '/console.css', 'text/css; charset=utf-8', styles.join('\n'));
  asset(scope, '/icon.svg', 'image/svg+xml', ICON);
  for (const name of SCRIPTS)
    asset(scope, `/${name}`, 'text/javascript; charset=utf-8', await read(`./script/${name}`));
}

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');

/** A penny with a receipt's edge: drawn here, so that no image has to be fetched. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32"
height="32" rx="8" fill="#0b5c6b"/><path d="M11 7v18h11" fill="none" stroke="#fff"
stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

function asset(scope: FastifyInstance, path: string, type: string, content: string): void {
  scope.get(path, { schema: { hide: true } }, (_request, reply) =>
    reply.header('cache-control', 'public, max-age=300').type(type).send(content),
  );
}
