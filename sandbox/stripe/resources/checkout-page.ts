/**
 * The page behind a checkout session's url. At Stripe a person types a card here; in the sandbox
 * they choose one of the test cards, by what it does.
 */
import { escapeHtml, page } from '../../html.ts';
import { allTestCards } from '../engine/cards.ts';
import type { TestCard } from '../engine/cards.ts';
import type { CheckoutSession } from './objects.ts';

/** The page of a session: the choice of cards, or what became of the session. */
export function checkoutPage(session: CheckoutSession): string {
  if (session.status === 'complete') return cardPage('<p>Your card is saved.</p>');
  if (session.status === 'expired') {
    return cardPage('<p>This page has expired. Ask for a new link.</p>');
  }
  const choices = allTestCards().map(([id, card], at) => choice(id, card, at === 0));
  const back = session.cancel_url
    ? `<p><a href="${escapeHtml(session.cancel_url)}">Back without saving</a></p>`
    : '';
  return cardPage(`<p>Choose the test card to save. Nothing is charged.</p>
<form method="post"><div class="cards">${choices.join('\n')}</div>
<button>Save card</button></form>${back}`);
}

/** Where a person is sent after saving: the session's success_url with its id filled in. */
export function successUrl(session: CheckoutSession): string {
  return (session.success_url ?? '/').replaceAll('{CHECKOUT_SESSION_ID}', session.id);
}

/** What the page may do: its own style, its own form, and leaving for the session's urls. */
export function checkoutPolicy(session: CheckoutSession): string {
  const back = [session.success_url, session.cancel_url].flatMap((url) =>
    url ? [new URL(url).origin] : [],
  );
  return (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; " +
    `form-action ${["'self'", ...back].join(' ')}`
  );
}

function choice(id: string, card: TestCard, chosen: boolean): string {
  const input = `<input type="radio" name="payment_method" value="${escapeHtml(id)}"`;
  const name = escapeHtml(`${card.brand} ···· ${card.last4}`);
  return `<label>${input}${chosen ? ' checked' : ''}>
<span><b>${name}</b> ${escapeHtml(card.about)}<br><code>${escapeHtml(id)}</code></span></label>`;
}

function cardPage(content: string): string {
  const title = 'Save a card (sandbox)';
  const note = '<p class="sandbox">Sandbox: no real card, no real money</p>';
  return page(title, `${note}<h1>Save a card</h1>${content}`, { style: STYLE });
}

const STYLE = `
main { max-width: 34rem; } .sandbox { color: #9a5b00; font-weight: 600; }
.cards { max-height: 24rem; overflow: auto; border: 1px solid #d8dce3; border-radius: 8px; }
label { display: flex; gap: .75rem; padding: .5rem .75rem; border-bottom: 1px solid #eceef2; }
button { margin-top: 1rem; font: inherit; padding: .6rem 1.4rem; border: 0; border-radius: 6px;
  background: #3a4bd8; color: #fff; cursor: pointer; }
`;
