import { createNotice } from '../../../workers/steps/notice.ts';
import type { Mutation } from './mutation.ts';

let serial = 0;

/** Bugs of whoever writes the mails. */
export const MAIL_MUTATIONS: Mutation[] = [
  {
    name: 'new_message_id',
    story: 'a mail that is sent once more has a new Message-ID, so that it arrives as another one',
    mail: (real) => ({
      ...real,
      messageId: (feeId, kind, n) => `${(serial += 1)}.${real.messageId(feeId, kind, n)}`,
    }),
  },
  {
    name: 'hoped_for_mail',
    story: 'a notice without an answer of the mail server counts as accepted',
    mail: (real) => ({
      ...real,
      async send(mail) {
        const sent = await real.send(mail);
        return sent.outcome === 'unknown' ? { outcome: 'accepted', response: '250' } : sent;
      },
    }),
  },
  {
    name: 'name_in_queue',
    story: 'the reason of a failed job names the clinician',
    processors: (deps) => ({
      async notice(payload) {
        const end = await createNotice(deps)(payload);
        if (!('failed' in end)) return end;
        const name = (await deps.ledger.fees.load(payload.feeId))?.clinician.name;
        return { failed: `${end.failed} (${name})` };
      },
    }),
  },
];
