import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Scope } from '../../ledger/access.ts';
import type { ApiDeps } from '../deps.ts';
import { requireScope } from '../http/auth.ts';
import { checkFormToken, viewerOf } from './form-token.ts';
import { resumeBody, typedAgain } from './kept-form.ts';
import { sendPage } from './page.ts';

/**
 * The checks of a form's route, in order: the scope, then that the form is of this session. A form
 * of an earlier session is shown again and sent when its button is pressed, so that nothing is
 * lost.
 */
export function guarded(deps: ApiDeps, scope: Scope, schema: object) {
  return {
    schema: { ...schema, hide: true },
    onRequest: requireScope(scope),
    preValidation: async (request: FastifyRequest, reply: FastifyReply) => {
      const { token } = (request.body ?? {}) as { token?: unknown };
      try {
        checkFormToken(request, deps, token);
      } catch (error) {
        const form = typedAgain(request);
        if (!form) throw error;
        const body = resumeBody(form, viewerOf(request, deps).formToken);
        return sendPage(request, reply.code(403), deps, { title: 'Send it now?', body });
      }
      return undefined;
    },
  };
}
