import { calendarDay } from '../../core/calendar.ts';
import type { BookMovement, Payout } from '../../gateways/payment-books.ts';
import type { Assessment } from '../../ledger/assessments.ts';
import type { SourceOwner } from '../../ledger/bookkeeping.ts';
import type { ApiDeps } from '../deps.ts';
import { sheetOf, type ListColumn, type Sheet } from './columns.ts';

/** A movement of Stripe's balance for a fee, and the payout that it was part of. */
interface PayoutRow {
  movement: BookMovement;
  payout: Payout | null;
  owner: SourceOwner;
}

type Deps = Pick<ApiDeps, 'ledger' | 'payments'>;

/** Sources whose fees are looked up at a time. */
const LOOKED_UP = 100;

/**
 * Charges, refunds and disputes of the year's fees as Stripe paid them out. Stripe's fee is a cost
 * of the practice and no part of what a clinician pays. Throws `PaymentsUnavailable` while read.
 */
export function payoutSheets(deps: Deps, assessment: Assessment): Sheet[] {
  const { timeZone } = assessment.policy;
  const columns: ListColumn<PayoutRow>[] = [
    { head: 'Reference', kind: 'text', cell: ({ owner }) => owner.ref },
    { head: 'Name', kind: 'text', width: 28, cell: ({ owner }) => owner.name },
    { head: 'What', kind: 'text', cell: ({ movement }) => KINDS[movement.kind] ?? movement.kind },
    {
      head: 'Day',
      kind: 'day',
      cell: ({ movement }) => calendarDay(movement.createdAt, timeZone),
    },
    { head: 'Gross (USD)', kind: 'money', cell: ({ movement }) => movement.amountCents },
    {
      head: 'Stripe fee (USD)',
      kind: 'money',
      width: 14,
      cell: ({ movement }) => movement.feeCents,
    },
    { head: 'Net (USD)', kind: 'money', cell: ({ movement }) => movement.netCents },
    { head: 'Payout', kind: 'text', width: 30, cell: ({ payout }) => payout?.payout ?? null },
    // Stripe counts the day of arrival in UTC.
    { head: 'Payout arrives on', kind: 'day', cell: ({ payout }) => payout && arrival(payout) },
    {
      head: 'Payout state',
      kind: 'text',
      cell: ({ payout }) =>
        payout ? (PAYOUTS[payout.status] ?? payout.status) : 'not paid out yet',
    },
    { head: 'Stripe object', kind: 'text', width: 30, cell: ({ movement }) => movement.source },
    {
      head: 'Balance transaction',
      kind: 'text',
      width: 30,
      cell: ({ movement }) => movement.movement,
    },
    { head: 'Fee', kind: 'text', width: 38, cell: ({ owner }) => owner.feeId },
  ];
  return [sheetOf('Payouts', columns, payoutRows(deps, assessment))];
}

const KINDS: Record<string, string> = {
  charge: 'Charge',
  payment: 'Charge',
  refund: 'Refund',
  payment_refund: 'Refund',
  refund_failure: 'Refund that failed',
  payment_failure_refund: 'Refund that failed',
  adjustment: 'Dispute',
};

const PAYOUTS: Record<string, string> = {
  paid: 'paid out',
  pending: 'on its way',
  in_transit: 'on its way',
  canceled: 'canceled',
  failed: 'failed',
};

const arrival = ({ arrivesAt }: Payout) => arrivesAt.toISOString().slice(0, 10);

/** Payout by payout what was in it, then what is in none yet. */
async function* payoutRows(
  { ledger, payments }: Deps,
  { assessmentId, openedAt }: Assessment,
): AsyncGenerator<PayoutRow> {
  const paidOut = new Set<string>();
  const owned = async function* (movements: AsyncIterable<BookMovement>, payout: Payout | null) {
    for await (const page of inPages(movements)) {
      const sources = page.flatMap(({ source }) => (source ? [source] : []));
      const owners = new Map(
        (await ledger.bookkeeping.owners(assessmentId, sources)).map((one) => [one.source, one]),
      );
      for (const movement of page) {
        const owner = owners.get(movement.source ?? '');
        if (owner) yield { movement, payout, owner };
      }
    }
  };
  for await (const payout of payments.payouts({ since: openedAt }))
    for await (const row of owned(payments.payoutMovements(payout.payout), payout)) {
      paidOut.add(row.movement.movement);
      yield row;
    }
  const { movements } = payments.books({ since: openedAt });
  for await (const row of owned(movements(), null))
    if (!paidOut.has(row.movement.movement)) yield row;
}

async function* inPages(movements: AsyncIterable<BookMovement>): AsyncGenerator<BookMovement[]> {
  let page: BookMovement[] = [];
  for await (const movement of movements) {
    page.push(movement);
    if (page.length < LOOKED_UP) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
