/**
 * The page behind a checkout session's url. At Stripe a person types a card here; in the sandbox
 * they choose one of the test cards, by what it does.
 */
import { allTestCards } from './cards.ts';
import type { CheckoutSession } from './objects.ts';

/** The page of a session: the choice of cards, or what became of the session. */
export function checkoutPage(session: CheckoutSession): string {
  if (session.status !== 'open') {
    const words =
      session.status === 'complete'
        ? 'Your card is saved.'
        : 'This page has expired. Ask for a new link.';
    return page(`<p>${words}</p>`);
  }
  const choices = allTestCards()
    .map(([id, card], at) => {
      const brand = `${card.brand} ···· ${card.last4}`;
      const checked = at === 0 ? ' checked' : '';
      return `<label><input type="radio" name="payment_method" value="${escapeHtml(id)}"${checked}>
<span><b>${escapeHtml(brand)}</b> ${escapeHtml(card.about)}<br><code>${escapeHtml(id)}</code></span></label>`;
    })
    .join('\n');
  const back = session.cancel_url
    ? `<p><a href="${escapeHtml(session.cancel_url)}">Back without saving</a></p>`
    : '';
  return page(`<p>Choose the test card to save. Nothing is charged.</p>
<form method="post"><div class="cards">${choices}</div><button>Save card</button></form>${back}`);
}

/** Where a person is sent after saving: the session's success_url with its id filled in. */
export function successUrl(session: CheckoutSession): string {
  return (session.success_url ?? '/').replaceAll('{CHECKOUT_SESSION_ID}', session.id);
}

/** What the page may do: its own style, its own form, and leaving for the session's urls. */
export function checkoutPolicy(session: CheckoutSession): string {
  const targets = [session.success_url, session.cancel_url].flatMap((url) => {
    const origin = url && URL.canParse(url) ? new URL(url).origin : '';
    return origin && origin !== 'null' ? [origin] : [];
  });
  return (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; " +
    `form-action 'self' ${targets.join(' ')}`.trim()
  );
}

function page(content: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Save a card (sandbox)</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f6f7f9; color: #1a1f36; }
main { max-width: 34rem; margin: 2rem auto; background: #fff; padding: 1.5rem 2rem; border-radius: 10px; box-shadow: 0 1px 4px #0002; }
h1 { font-size: 1.25rem; } .sandbox { color: #9a5b00; font-weight: 600; }
.cards { max-height: 24rem; overflow: auto; border: 1px solid #d8dce3; border-radius: 8px; }
label { display: flex; gap: .75rem; padding: .5rem .75rem; border-bottom: 1px solid #eceef2; cursor: pointer; }
code { color: #697386; font-size: .8rem; }
button { margin-top: 1rem; font: inherit; padding: .6rem 1.4rem; border: 0; border-radius: 6px; background: #3a4bd8; color: #fff; }
</style></head>
<body><main><p class="sandbox">Sandbox: no real card, no real money</p><h1>Save a card</h1>
${content}</main></body></html>`;
}

function escapeHtml(text: string): string {
  const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (sign) => entities[sign as keyof typeof entities]);
}
