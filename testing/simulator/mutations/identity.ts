import type { Payments } from '../../../gateways/payments.ts';
import type { Ledger } from '../../../ledger/ledger.ts';
import { CARD_EVENTS } from '../../../workers/webhook-event.ts';
import type { Mutation } from './mutation.ts';

const RANDOM_FEE_IDS = `
  create or replace function name_fee() returns trigger language plpgsql as $$
  begin
    new.fee_id := sim_id();
    return new;
  end $$`;

/** Finds what this lets through, or what it makes of it. */
const finding = (seen: (found: Awaited<ReturnType<Payments['findIntents']>>) => typeof found) => ({
  payments: (real: Payments): Payments => ({
    ...real,
    findIntents: async (args) => seen(await real.findIntents(args)),
  }),
});

/** Takes every card that a customer gives for one that was given on levy's own page. */
function asIfAsked(ledger: Ledger): Ledger['events']['get'] {
  return async (id) => {
    const event = await ledger.events.get(id);
    if (!event?.customer || !CARD_EVENTS.has(event.type)) return event;
    const [clinician] = await ledger.clinicians.byCustomer(event.customer);
    const [fee] = clinician ? await ledger.clinicians.fees(clinician.clinicianId) : [];
    return { ...event, feeId: fee?.feeId ?? event.feeId };
  };
}

/** Bugs of whoever takes a ledger for all there is, and a roster's row for the person. */
export const IDENTITY_MUTATIONS: Mutation[] = [
  {
    name: 'random_fee_ids',
    story: 'a fee has another id in every ledger, and nobody looks before an intent is created',
    sql: RANDOM_FEE_IDS,
    payments: (real) => ({
      ...real,
      findIntents: () => Promise.resolve([]),
      openIntent: (args) => real.openIntent({ ...args, key: `levy-intent-${args.feeId}` }),
    }),
  },
  {
    name: 'dropped_refusals',
    story: 'of what another ledger has tried, only payments are taken over and no refusals',
    payments: (real) => ({ ...real, refusedCharges: () => Promise.resolve([]) }),
  },
  {
    name: 'own_metadata_only',
    story: 'a payment whose metadata names the fee in another way is not taken over',
    ...finding((found) => found.filter(({ feeId }) => /^[0-9a-f-]{36}$/.test(feeId ?? ''))),
  },
  {
    name: 'any_card_revives',
    story: 'a fee that was given up is charged again as soon as any card comes',
    ledger: (ledger) => ({ ...ledger, events: { ...ledger.events, get: asIfAsked(ledger) } }),
  },
  {
    name: 'own_fees_only',
    story: 'the check looks for second charges among the fees that the ledger knows',
    ledger: (ledger) => ({
      ...ledger,
      openSnapshot: async () => ({
        ...(await ledger.openSnapshot()),
        across: () => Promise.resolve([]),
      }),
    }),
  },
  {
    name: 'notice_not_read',
    story: "somebody is written to although the intent's metadata tells of a notice",
    payments: (real) => ({
      ...real,
      findIntents: async (args) =>
        (await real.findIntents(args)).map((one) => ({ ...one, notice: null })),
      readIntent: async (intent) => ({ ...(await real.readIntent(intent)), notice: null }),
    }),
  },
];
