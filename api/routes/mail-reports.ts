import { Type, type Static } from 'typebox';
import type { Action } from '../../core/fee/actions.ts';
import { readMailReport, type MailReport } from '../../gateways/mail/bounce-report.ts';
import { applyAction, audited, byOf, type By } from './actions.ts';
import type { ApiDeps } from '../deps.ts';
import { Problem, problem } from '../http/errors.ts';
import { nullable, secured, type Api } from '../http/schemas.ts';

/** A report contains the e-mail it is about; levy's notices are far smaller than this. */
const REPORT_BYTES = 2 * 1024 * 1024;

const Outcome = Type.Object({
  outcome: Type.Union([
    Type.Literal('bounced', { description: 'The notice counts no more: nothing is charged' }),
    Type.Literal('held', { description: 'A complaint: the fee waits for a person' }),
    Type.Literal('noted', { description: 'About one of our mails, and changes nothing' }),
    Type.Literal('ignored', { description: 'No final report about a mail of ours' }),
  ]),
  feeId: nullable(Type.String()),
  why: Type.String({ description: 'A stable code' }),
});

/**
 * Takes the e-mails that the practice's mail server sent back, unchanged, so that a whole inbox can
 * be piped here. The same report again changes nothing.
 */
export async function mailReportRoutes(app: Api, deps: ApiDeps): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'message/rfc822',
      { parseAs: 'buffer', bodyLimit: REPORT_BYTES },
      (_request, body, done) => done(null, body),
    );
    scope.post(
      '/v1/mail-reports',
      {
        ...secured('operate', {
          summary: 'A mail that came back, as the mail server sent it',
          description:
            'Body: `message/rfc822`. Of a bounced notice (RFC 3464) nothing is charged until ' +
            'another one stands; a complaint (RFC 5965) holds the fee. Anything else is ignored.',
          tags: ['fees'],
          consumes: ['message/rfc822'],
          response: { 200: Outcome },
        }),
        bodyLimit: REPORT_BYTES,
        config: { upload: true },
      },
      async (request) => {
        if (!Buffer.isBuffer(request.body) || request.body.length === 0)
          throw problem('empty_body', { message: 'There is no mail in the body.' });
        return follow(deps, byOf(request), await readMailReport(request.body));
      },
    );
  });
}

type AboutOurs = Exclude<MailReport, { report: 'none' }>;

async function follow(deps: ApiDeps, by: By, report: MailReport): Promise<Static<typeof Outcome>> {
  if (report.report === 'none') return { outcome: 'ignored', feeId: null, why: report.why };
  const { feeId, kind } = report.about;
  try {
    if (kind === 'notice') {
      const input = inputOf(report);
      await applyAction(deps, by, feeId, input);
      return { outcome: input.act === 'bounce' ? 'bounced' : 'held', feeId, why: report.report };
    }
    await noteEmail(deps, by, report);
    return { outcome: 'noted', feeId, why: kind };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === 'not_found') return { outcome: 'ignored', feeId: null, why: 'not_ours' };
    return { outcome: 'noted', feeId, why: error.code };
  }
}

function inputOf(report: AboutOurs): Extract<Action, { act: 'bounce' | 'hold' }> {
  if (report.report === 'complaint')
    return { act: 'hold', why: 'the notice was reported as unwanted' };
  const why = ['bounced', report.status].join(' ').trim();
  const { number } = report.about;
  return { act: 'bounce', why, ...(number !== null && { notice: number }) };
}

/** Nothing depends on the delivery of an e-mail other than the notice: it is only audited. */
async function noteEmail(deps: ApiDeps, by: By, { about, report }: AboutOurs): Promise<void> {
  const detail = { mail: about.kind, report };
  const line = { action: 'mail_report', object: `fee ${about.feeId}`, detail };
  await audited(deps, by, line, async () => {
    if (!(await deps.ledger.fees.load(about.feeId))) throw problem('not_found');
  });
}
