import { Type } from 'typebox';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { ById, secured, type Api } from '../http/schemas.ts';
import { LIST_FILES, sendList } from '../lists/send.ts';

const OfFile = Type.Object({ ...ById.properties, file: Type.Enum(LIST_FILES) });

/** The lists for a bookkeeper, as files. */
export function listRoutes(app: Api, deps: ApiDeps): void {
  app.get(
    '/v1/assessments/:id/lists/:file',
    secured('read', {
      summary: 'A list for the bookkeeper: fees, entries, accounts, reconciliation or payouts',
      description:
        'As CSV or as an Excel workbook, streamed. Text is safe to open in a spreadsheet. ' +
        'The list of payouts is read from Stripe.',
      tags: ['assessments'],
      params: OfFile,
      response: {},
    }),
    async ({ params }, reply) => {
      const assessment = await deps.ledger.assessments.get(params.id);
      if (!assessment) throw problem('not_found');
      return sendList(reply, deps, assessment, params.file);
    },
  );
}
