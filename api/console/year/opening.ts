import { dollars } from '../../../core/fee/money.ts';
import { DAY_MS, type Policy } from '../../../core/policy.ts';
import type { Rate, Vendor } from '../../../ledger/rates.ts';
import { html, type Html } from '../html.ts';
import { formToken, may, type Viewer } from '../layout.ts';
import { counted } from '../words.ts';

export interface OpeningView {
  vendor: Vendor;
  rate: Rate;
  people: Record<'all' | 'email' | 'customer' | 'card', number>;
  /** People with evidence of use that counts today. */
  used: number;
  /** Exports by month, 1 to 12; month 0: files that name no period. */
  coverage: { month: number; files: number }[];
  policy: Policy;
  /** The id of the assessment when it is open already, else null. */
  open: string | null;
}

/** What opening an assessment will mean, before it is opened. */
export function openingBody(view: OpeningView, viewer: Viewer): Html {
  const { vendor, rate, people, used } = view;
  return html`<p class="crumbs"><a href="/console">Overview</a></p>
    <h1>Open ${vendor.name} ${rate.year}?</h1>
    <p class="lead">
      Opening looks who used a code. Nobody is written to or charged before somebody has approved
      the roster.
    </p>
    <div class="columns">
      <div>
        <section class="card">
          <h2 class="first">The amount</h2>
          ${amount(view)}
        </section>
        <section class="card">
          <h2 class="first">The people</h2>
          ${peopleOf(view)}
        </section>
        <section class="card">
          <h2 class="first">The exports of ${rate.year}</h2>
          ${months(view)}
        </section>
      </div>
      <aside>
        <section class="card">
          <h2 class="first">As it stands today</h2>
          <p>
            ${counted(used, 'person', 'people')} of ${people.all.toLocaleString('en-US')} used a
            code: <strong>${dollars(used * rate.amountCents)}</strong> in all.
          </p>
          ${openForm(view, viewer)}
        </section>
        <section class="card">
          <h2 class="first">The rules it would keep</h2>
          ${policyWords(view.policy)}
        </section>
      </aside>
    </div>`;
}

function amount({ rate }: OpeningView): Html {
  return html`<p>
      <strong>${dollars(rate.amountCents)}</strong> per clinician: royalty
      ${dollars(rate.royaltyCents)}, vendor’s processing ${dollars(rate.processingCents)}.
    </p>
    <p class="soft">
      ${
        rate.status === 'confirmed'
          ? html`Confirmed by ${rate.enteredBy}. Source: ${rate.source}.`
          : html`This is a forecast: it can be shown, but nobody is charged by it. Enter the amount
            of the vendor’s invoice first.`
      }
    </p>`;
}

function peopleOf({ people, vendor }: OpeningView): Html {
  if (people.all === 0)
    return html`<p>
      Nobody is on the roster of this vendor.
      <a href="/console/people/upload">Upload a roster</a> or
      <a href="/console/people/new">add somebody</a>; whoever is added later is taken into the
      assessment by itself.
    </p>`;
  const lacking = (count: number, what: string) =>
    count > 0 && html`<li>${counted(count, 'person', 'people')} without ${what}</li>`;
  return html`<p>
      <a href="/console/people?vendor=${vendor.vendor}"
        >${counted(people.all, 'person', 'people')}</a
      >
      on the roster work with ${vendor.name}.
    </p>
    <ul>
      ${lacking(people.all - people.email, 'an e-mail: cannot be told, so not charged')}
      ${lacking(people.all - people.customer, 'a Stripe customer: asked for a card when noticed')}
      ${lacking(people.customer - people.card, 'a card at Stripe: asked for one when noticed')}
    </ul>`;
}

function months({ coverage, rate }: OpeningView): Html {
  const covered = coverage.filter(({ month }) => month > 0);
  const missing = covered.filter(({ files }) => files === 0).map(({ month }) => monthName(month));
  const unnamed = coverage.find(({ month }) => month === 0)?.files ?? 0;
  return html`<ol class="months">
      ${covered.map(
        ({ month, files }) =>
          html`<li class="${files === 0 ? 'missing' : 'there'}">
            ${monthName(month).slice(0, 3)}
            <span class="small">${files === 0 ? 'none' : files}</span>
          </li>`,
      )}
    </ol>
    <p>
      ${
        missing.length === 0
          ? `Files cover every month of ${rate.year}.`
          : missing.length === 12
            ? `No file says that it covers a month of ${rate.year}.`
            : `No file covers ${inWords(missing)}. Who used a code only then is not found.`
      }
      ${unnamed > 0 && unnamedWords(unnamed, rate.year)}
      <a href="/console/imports">See the imports</a>
    </p>`;
}

function unnamedWords(files: number, year: number): string {
  const named = files === 1 ? 'does not say which period it covers' : 'do not say which they cover';
  return `${counted(files, 'file')} with uses of ${year} ${named}.`;
}

function monthName(month: number): string {
  return new Date(Date.UTC(2000, month - 1)).toLocaleDateString('en-US', {
    month: 'long',
    timeZone: 'UTC',
  });
}

function inWords(names: readonly string[]): string {
  return new Intl.ListFormat('en-US', { type: 'disjunction' }).format(names);
}

/** A policy as sentences. */
export function policyWords(policy: Policy): Html {
  const { noticeDays, chargeHour, attemptsMax, retryDays, canaryFees, timeZone, dayMs } = policy;
  return html`<ul class="reasons">
    <li>
      A notice by e-mail comes first. The card is charged ${counted(noticeDays, 'day')} later at the
      earliest, from ${chargeHour}:00 in ${timeZone}.
    </li>
    <li>
      A declined card is tried at most
      ${counted(attemptsMax, 'time')}${
        retryDays.length > 0 && html`, after ${retryDays.join(', ')} days`
      };
      a bank that says never is not asked again.
    </li>
    ${
      canaryFees > 0 &&
      html`<li>
        The first ${counted(canaryFees, 'card')} are charged alone and checked against Stripe’s
        books before the rest follows.
      </li>`
    }
    ${dayMs !== DAY_MS && html`<li>This is a rehearsal: a day lasts ${dayMs / 1_000} seconds.</li>`}
    <li>The amount and these rules are frozen when it is opened.</li>
  </ul>`;
}

function openForm({ vendor, rate, open }: OpeningView, viewer: Viewer): Html {
  if (open)
    return html`<p>
      It is open already. <a class="button" href="/console/assessments/${open}">Go to it</a>
    </p>`;
  if (rate.status !== 'confirmed')
    return html`<p class="soft">It can be opened when the rate is confirmed.</p>`;
  if (!may(viewer, 'operate'))
    return html`<p class="soft">Somebody with the scope “operate” can open it.</p>`;
  return html`<form method="post" action="/console/assessments">
    ${formToken(viewer)}
    <input type="hidden" name="rate" value="${vendor.vendor} ${rate.year}" />
    <button>Open ${vendor.name} ${rate.year}</button>
  </form>`;
}
