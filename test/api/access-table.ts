import type { Scope } from '../../ledger/access.ts';
import type { Route } from './routes.ts';

/** Who may ask for a route: anybody, a browser that has signed in, or a key with a scope. */
export type Access = 'anyone' | 'signed in' | Scope;

/**
 * Every route of levy's own and who may ask for it. A route that is not here fails the test, and so
 * does a row without a route: no route falls to a default.
 */
export const ACCESS: Record<Access, string[]> = {
  anyone: [
    'GET /docs',
    'GET /healthz',
    'GET /readyz',
    'GET /metrics',
    'GET /card/:token',
    'POST /card/:token/give',
    'GET /card-saved',
    'POST /webhooks/stripe',
    'GET /',
    'GET /console/console.css',
    'GET /console/console.js',
    'GET /console/keys.js',
    'GET /console/icon.svg',
    'GET /console/sign-in',
    'POST /console/sign-in',
  ],
  'signed in': [
    'POST /console/sign-out',
    'GET /console',
    'GET /console/assessments/new',
    'GET /console/assessments/:id',
    'GET /console/assessments/:id/roster',
    'GET /console/assessments/:id/lists/:file',
    'GET /console/assessments/:id/progress',
    'GET /console/assessments/:id/report',
    'GET /console/reports',
    'GET /console/fees',
    'GET /console/fees/:id',
    'GET /console/people',
    'GET /console/people/roster.csv',
    'GET /console/people/template.csv',
    'GET /console/people/new',
    'POST /console/people',
    'GET /console/people/upload',
    'POST /console/people/upload',
    'GET /console/people/upload/:id',
    'POST /console/people/upload/:id/columns',
    'POST /console/people/upload/:id/confirm',
    'POST /console/people/upload/:id/discard',
    'GET /console/people/:id',
    'GET /console/people/:id/edit',
    'POST /console/people/:id',
    'GET /console/imports',
    'GET /console/imports/:id',
    'GET /console/review',
    'GET /console/unknown',
    'GET /console/audit',
    'POST /console/fees/:id/waive',
    'POST /console/fees/:id/hold',
    'POST /console/fees/:id/release',
    'POST /console/fees/:id/retry',
    'POST /console/fees/:id/bounce',
    'POST /console/fees/:id/refund',
    'POST /console/fees/:id/card-link',
    'POST /console/assessments',
    'POST /console/assessments/:id/approve',
    'POST /console/assessments/:id/pause',
    'POST /console/assessments/:id/resume',
    'POST /console/evidence/:id',
  ],
  read: [
    'GET /v1/clinicians',
    'GET /v1/vendors',
    'GET /v1/rates',
    'GET /v1/rates/:vendor/:year',
    'GET /v1/imports',
    'GET /v1/imports/:id/problems',
    'GET /v1/evidence/weak',
    'GET /v1/assessments',
    'GET /v1/assessments/preview',
    'GET /v1/assessments/:id',
    'GET /v1/assessments/:id/roster',
    'GET /v1/assessments/:id/lists/:file',
    'GET /v1/fees',
    'GET /v1/fees.csv',
    'GET /v1/fees/:id',
    'GET /v1/audit',
  ],
  operate: [
    'PUT /v1/clinicians',
    'POST /v1/imports',
    'POST /v1/evidence/:id/accept',
    'POST /v1/evidence/:id/refuse',
    'POST /v1/assessments',
    'POST /v1/assessments/:id/pause',
    'POST /v1/assessments/:id/resume',
    'POST /v1/fees/:id/waive',
    'POST /v1/fees/:id/hold',
    'POST /v1/fees/:id/bounce',
    'POST /v1/fees/:id/release',
    'POST /v1/fees/:id/retry',
    'POST /v1/fees/:id/card-link',
    'POST /v1/mail-reports',
  ],
  approve: [
    'PUT /v1/rates/:vendor/:year',
    'POST /v1/assessments/:id/approve',
    'POST /v1/fees/:id/refund',
    'GET /v1/keys',
    'POST /v1/keys',
    'DELETE /v1/keys/:name',
  ],
};

/** Installed whole, behind one guard each: Bull Board and the pages of the documentation. */
const INSTALLED = /^\/(queues|docs)(\/|$)/;

/** What differs between the table and the routes that the server has. */
export function differences(
  table: Record<Access, string[]>,
  routes: readonly Route[],
  accessOf: (route: Route) => Access | undefined,
): string[] {
  const named = new Map(
    Object.entries(table).flatMap(([access, rows]) => rows.map((row) => [row, access] as const)),
  );
  const found = routes.flatMap((route) => {
    const row = `${route.method} ${route.path}`;
    const isCovered = INSTALLED.test(route.path) && !named.has(row);
    if (isCovered || (route.method as string) === 'HEAD') return [];
    const access = named.get(row);
    if (!access) return [`${row} is not in the table`];
    const asks = accessOf(route);
    return asks === access ? [] : [`${row} asks for ${asks}, the table says ${access}`];
  });
  const there = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  const stale = [...named.keys()].filter((row) => !there.has(row));
  return [...found, ...stale.map((row) => `${row} is in the table and nowhere else`)];
}
