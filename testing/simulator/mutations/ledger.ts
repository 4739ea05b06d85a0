import { entry } from '../../../core/fee/fee.ts';
import { fold } from '../../../core/fee/fold.ts';
import type { FeeRecord } from '../../../ledger/fees.ts';
import type { Ledger } from '../../../ledger/ledger.ts';
import { createWebhookEvent } from '../../../workers/webhook-event.ts';
import type { Mutation } from './mutation.ts';

type Fees = Ledger['fees'];

/** The ledger with some of its dealings with fees replaced. */
const fees = (replaced: (real: Fees, ledger: Ledger) => Partial<Fees>) => (ledger: Ledger) => ({
  ...ledger,
  fees: { ...ledger.fees, ...replaced(ledger.fees, ledger) },
});

/** Loads fees as somebody would who does not look closely. */
const loading = (seen: (feeRecord: FeeRecord) => FeeRecord) =>
  fees((real) => ({
    async load(feeId) {
      const feeRecord = await real.load(feeId);
      return feeRecord && seen(feeRecord);
    },
  }));

/** Whoever looks later finds that no address and no card has ever changed. */
const NO_COUNT = `
  create function forget_changes() returns trigger language plpgsql as $$
  begin
    new.email_changes := 0;
    new.card_changes := 0;
    return new;
  end $$;
  create trigger forget_changes before update on clinicians
    for each row execute function forget_changes()`;

const NO_GUARD = 'drop trigger entries_attempt_allowed on entries';

/** Bugs of whoever writes what is due, and what is known when something is decided. */
export const LEDGER_MUTATIONS: Mutation[] = [
  {
    name: 'no_fence',
    story: 'a decision on an old state of the fee is written after whatever came since',
    ledger: fees((real) => ({
      async append(feeRecord, entries, actor, at) {
        const latest = await real.load(feeRecord.feeId);
        return latest && real.append(latest, entries, actor, at);
      },
    })),
  },
  {
    name: 'early_charge',
    story: 'the charge does not wait for the end of the notice period',
    sql: NO_GUARD,
    ledger: fees((real) => ({
      append: (feeRecord, entries, actor, at) =>
        real.append(
          feeRecord,
          entries.map((one) =>
            one.kind === 'noticed'
              ? entry('noticed', { ...one.data, chargeFrom: feeRecord.now().toISOString() })
              : one,
          ),
          actor,
          at,
        ),
    })),
  },
  {
    name: 'ignored_pause',
    story: 'a pause is answered, and notices and charges go on',
    ledger: (ledger) => ({
      ...ledger,
      assessments: { ...ledger.assessments, pause: () => Promise.resolve(true) },
    }),
  },
  {
    name: 'withdrawn_evidence',
    story: 'evidence that was withdrawn after the fee was assessed still counts',
    ledger: loading((feeRecord) => {
      const { assessed } = fold(feeRecord.entries);
      return { ...feeRecord, firstUse: feeRecord.firstUse ?? assessed?.evidence ?? null };
    }),
  },
  {
    name: 'everybody_owes',
    story: 'whoever works in the EHR owes the fee, whether or not a code was used',
    ledger: loading((feeRecord) => ({
      ...feeRecord,
      firstUse: feeRecord.firstUse ?? {
        kind: 'billing',
        firstUsedOn: '2026-01-01',
        evidenceId: feeRecord.feeId,
      },
    })),
  },
  {
    name: 'moved_away',
    story: 'somebody who moved to an EHR that does not levy is charged all the same',
    ledger: loading((feeRecord) => {
      const { vendor } = feeRecord.assessment;
      const clinician = { ...feeRecord.clinician, vendor, vendorLevies: true };
      return { ...feeRecord, clinician };
    }),
  },
  {
    name: 'forgotten_latecomers',
    story: 'whoever comes to the roster after the opening gets no fee',
    ledger: (ledger) => ({
      ...ledger,
      clinicians: { ...ledger.clinicians, enrollLatecomers: () => Promise.resolve(0) },
    }),
  },
  {
    name: 'unheard_change',
    story: 'an address or a card that was written down and never reached its fee is not looked for',
    sql: NO_COUNT,
  },
  {
    name: 'deaf_to_bounces',
    story: 'that a notice came back is heard and not written down',
    ledger: fees((real) => ({
      change: (feeId, actor, decide) =>
        real.change(feeId, actor, (fee, feeRecord) => {
          const decision = decide(fee, feeRecord);
          if ('refused' in decision) return decision;
          return { entries: decision.entries.filter(({ kind }) => kind !== 'notice_failed') };
        }),
    })),
  },
  {
    name: 'no_audit',
    story: 'an act that is refused leaves no line in the audit trail',
    ledger: (ledger) => ({
      ...ledger,
      access: {
        ...ledger.access,
        audit: async (line) => {
          const { outcome } = (line.detail ?? {}) as { outcome?: string };
          if (outcome === 'done') await ledger.access.audit(line);
        },
      },
    }),
  },
  {
    name: 'webhook_truth',
    story: 'what an event says is taken for what happened, without a look at Stripe',
    processors: (deps) => ({
      async 'webhook-event'(payload) {
        const event = await deps.ledger.events.get(payload.eventId);
        const feeRecord = event?.feeId ? await deps.ledger.fees.load(event.feeId) : null;
        const { intent, openAttempt, paid } = fold(feeRecord?.entries ?? []);
        if (!event || !feeRecord || paid || event.type !== 'payment_intent.succeeded' || !intent)
          return createWebhookEvent(deps)(payload);
        const { amountCents } = feeRecord.assessment;
        const attempt = openAttempt?.attempt ?? null;
        const said = entry('paid', { amountCents, intent, charge: event.objectId, attempt });
        await deps.ledger.fees.append(feeRecord, [said], 'Stripe');
        await deps.ledger.events.handled(payload.eventId, 'believed');
        return { done: 'believed' };
      },
    }),
  },
];
