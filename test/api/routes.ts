import type { Api } from '../../api/http/schemas.ts';
import type { Method } from './api-client.ts';

export interface Route {
  method: Method;
  /** With parameters as `:name`. */
  path: string;
}

/** Every route the server has, documented or not. */
export function routesOf(app: Api): Route[] {
  return app.knownRoutes.map(({ method, url }) => ({ method: method as Method, path: url }));
}

const ID = '00000000-0000-4000-8000-000000000000';

/** The path with something in the place of every parameter. */
export function filled(path: string): string {
  return path
    .replace(':vendor', 'theranest')
    .replace(':year', '2026')
    .replace(':queueName', 'charge')
    .replace(':id', ID)
    .replace(':item', ID)
    .replace(/:\w+/g, 'thing')
    .replace('*', 'thing');
}
