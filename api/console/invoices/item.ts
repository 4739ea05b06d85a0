import { dollars } from '../../../core/fee/money.ts';
import {
  keptCents,
  outcomeOf,
  outcomeWords,
  standingOf,
  type MatchDecision,
} from '../../../core/reconcile/three-way.ts';
import type { MatchItem } from '../../../ledger/invoice-match.ts';
import { scopeOfDecision, seenOf } from '../../invoices/actions.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, may, type Viewer } from '../layout.ts';
import { stateBadge } from '../states.ts';
import { when } from '../times.ts';
import { DECISION_WORDS, standingBadge } from './words.ts';

export interface ItemView {
  vendor: string;
  vendorName: string;
  year: number;
  item: MatchItem;
  timeZone: string;
}

/** One person in the three books, and what may be decided about a difference. */
export function itemBody(view: ItemView, viewer: Viewer): Html {
  const { vendor, vendorName, year, item } = view;
  const { facts, name, ref, decision, holds } = item;
  const outcome = outcomeOf(facts);
  const match = `/console/invoices/match/${vendor}/${year}`;
  return html`<p class="crumbs">
      <a href="/console/invoices">Invoices</a> ›
      <a href="${match}?outcome=${outcome}#people">${isolated(vendorName)} ${year}</a>
    </p>
    <h1>${name ? isolated(name) : 'A line without a name'}</h1>
    <p class="lead">
      ${ref && html`${isolated(ref)} ·`} ${outcomeWords(outcome).label}
      ${standingBadge(standingOf(outcome, holds ? decision : null))}
    </p>
    <p>${outcomeWords(outcome).says}</p>
    <div class="three">${books(item)}</div>
    ${decided(view)} ${offers(`${match}/${item.item}`, item, viewer)}`;
}

function books({ facts, feeId, invoiceId, line }: MatchItem): Html {
  const extra = (label: string, cents: number) =>
    cents !== 0 &&
    html`<dt>${label}</dt>
      <dd>${dollars(cents)}</dd>`;
  return html`<section class="card">
      <h2 class="first">Vendor’s invoices</h2>
      <p class="sum">${dollars(facts.invoicedCents)}</p>
      <dl class="facts">
        <dt>Charges</dt>
        <dd>${facts.charges}</dd>
        <dt>Credits</dt>
        <dd>${facts.credits}</dd>
      </dl>
      ${
        invoiceId &&
        html`<p><a href="/console/invoices/${invoiceId}/lines/${line}">The latest line</a></p>`
      }
    </section>
    <section class="card">
      <h2 class="first">Our fee</h2>
      <p class="sum">${dollars(facts.feeCents)}</p>
      <dl class="facts">
        <dt>Stands</dt>
        <dd>${facts.state ? stateBadge(facts.state) : 'no fee'}</dd>
        ${extra('Waived', facts.waivedCents)} ${extra('Written off', facts.writtenOffCents)}
      </dl>
      ${feeId && html`<p><a href="/console/fees/${feeId}">The fee’s story</a></p>`}
    </section>
    <section class="card">
      <h2 class="first">Through Stripe</h2>
      <p class="sum">${dollars(keptCents(facts))}</p>
      <dl class="facts">
        <dt>Paid</dt>
        <dd>${dollars(facts.paidCents)}</dd>
        ${extra('Given back', facts.refundedCents)} ${extra('Disputed', facts.disputedCents)}
      </dl>
    </section>`;
}

function decided({ item, timeZone }: ItemView): Html | null {
  const { decision, why, decidedBy, decidedAt, holds } = item;
  if (!decision || !decidedAt) return null;
  return html`<section class="card">
    <h3>${holds ? 'Decided' : 'An earlier decision, which does not hold any more'}</h3>
    <p><strong>${DECISION_WORDS[decision].label}</strong>: ${isolated(why ?? '')}</p>
    <p class="small soft">
      by ${isolated(decidedBy ?? '')},
      ${when(decidedAt, timeZone)}${!holds && '. The amounts have changed since.'}
    </p>
  </section>`;
}

function offers(here: string, item: MatchItem, viewer: Viewer): Html | null {
  const { decisions } = outcomeWords(outcomeOf(item.facts));
  if (decisions.length === 0) return null;
  const allowed = decisions.filter((one) => may(viewer, scopeOfDecision(one)) && fits(one, item));
  const isShort = allowed.length < decisions.filter((one) => fits(one, item)).length;
  return html`<section class="card">
    <h3>What you can decide</h3>
    ${
      item.facts.unknown &&
      html`<p>
        <a href="/console/invoices/${item.invoiceId}/lines/${item.line}"
          >Say who on the roster is meant</a
        >, if it is somebody you know.
      </p>`
    }
    <div class="acts">
      ${allowed.map((decision) => {
        const { label, says } = DECISION_WORDS[decision];
        const isFinal = decision === 'refund' || decision === 'waive';
        return html`<details name="act">
          <summary>${label}</summary>
          <form method="post" action="${here}">
            ${formToken(viewer)} <input type="hidden" name="decision" value="${decision}" />
            <input type="hidden" name="seen" value="${seenOf(item)}" />
            <p class="soft small">${says}</p>
            <p>
              <label for="why-${decision}">Reason</label>
              <input id="why-${decision}" name="why" required maxlength="500" />
            </p>
            <p><button ${isFinal && html`class="danger"`}>${label}</button></p>
          </form>
        </details>`;
      })}
    </div>
    ${
      isShort &&
      html`<p class="soft small">Somebody with the scope “approve” can decide more than this.</p>`
    }
  </section>`;
}

/** Whether a decision can be carried out: there is money to give back, or a fee to let go. */
function fits(decision: MatchDecision, { facts }: MatchItem): boolean {
  if (decision === 'refund') return keptCents(facts) > 0;
  return decision !== 'waive' || (facts.feeCents > 0 && facts.paidCents === 0);
}
