/** The sandbox's front page: its books at a glance, the latest payments, and where to go next. */
import { escapeHtml, page, table } from '../../html.ts';
import { drawUpBooks } from '../engine/books.ts';
import type { Charge, PaymentIntent } from '../resources/objects.ts';
import type { World } from '../engine/world.ts';

/** The page may show itself and follow its own links, nothing more. */
export const DASHBOARD_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

const LATEST = 50;
const COLUMNS = ['Payment', 'Amount', 'Card', 'Attempts', 'Status', 'Metadata'];

/** The page as it is now. */
export function dashboardPage(world: World): string {
  const { totals, doubleCharges, charges } = drawUpBooks(world);
  const latest = world.store.paymentIntents.ids().slice(-LATEST).reverse();
  const rows = latest.map((id) => row(world, world.store.paymentIntents.get(id) as PaymentIntent));
  const tiles = [
    ['Charged', dollars(totals.charged)],
    ['Refunded', dollars(totals.refunded)],
    ['Disputed', dollars(totals.disputed)],
    ['Fees', dollars(totals.fees)],
    ['Declined attempts', String(charges.failed ?? 0)],
    ['Charged twice', String(doubleCharges.length)],
  ].map(([name, value]) => `<div><b>${value}</b>${name}</div>`);
  return page(
    'Sandbox Stripe',
    `<h1>Sandbox Stripe</h1>
<p class="note">A stand-in for Stripe on this machine: no real cards, no real money.
<a href="/_sandbox/books">The books as JSON</a></p>
<section>${tiles.join('')}</section>
${rows.length === 0 ? '<p>No payments yet.</p>' : table(COLUMNS, rows)}`,
    { style: STYLE },
  );
}

function row(world: World, intent: PaymentIntent): string[] {
  const charges = world.store.charges.ids('payment_intent', intent.id);
  const last = world.store.charges.get(intent.latest_charge ?? '');
  const why = intent.last_payment_error?.decline_code;
  const metadata = Object.entries(intent.metadata).map(([name, value]) => `${name}=${value}`);
  return [
    `<code>${escapeHtml(intent.id)}</code>`,
    dollars(intent.amount),
    escapeHtml(cardOf(last)),
    String(charges.length),
    escapeHtml(why ? `${intent.status} (${why})` : intent.status),
    escapeHtml(metadata.join(' ')),
  ];
}

function cardOf(charge: Charge | undefined): string {
  const card = charge?.payment_method_details?.card;
  return card ? `${card.brand} ···· ${card.last4}` : '';
}

function dollars(cents: number): string {
  return `$${(cents / 100).toFixed(2)}`;
}

const STYLE = `
section { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1rem 0; color: #697386; }
section div { flex: 1; min-width: 8rem; background: #f6f7f9; border-radius: 8px;
  padding: .6rem 1rem; }
section b { display: block; font-size: 1.2rem; color: #1a1f36; }
`;
