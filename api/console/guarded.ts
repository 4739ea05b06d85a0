import type { FastifyRequest } from 'fastify';
import type { Scope } from '../../ledger/access.ts';
import type { ApiDeps } from '../deps.ts';
import { requireScope } from '../http/auth.ts';
import { checkFormToken } from './form-token.ts';

/** The checks of a form's route, in order: the scope, then that the form is of this session. */
export function guarded(deps: ApiDeps, scope: Scope, schema: object) {
  return {
    schema: { ...schema, hide: true },
    onRequest: requireScope(scope),
    preValidation: async (request: FastifyRequest) => {
      checkFormToken(request, deps, (request.body as { token?: unknown } | undefined)?.token);
    },
  };
}
