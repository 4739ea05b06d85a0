import type { KnownClinician } from '../../../ledger/clinicians.ts';
import type { Gap, PeopleFilter } from '../../../ledger/people.ts';
import type { Vendor } from '../../../ledger/rates.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { may, nothing, type Viewer } from '../layout.ts';
import { option } from '../option.ts';
import { table, type Column } from '../table.ts';

export interface PeopleView {
  filter: PeopleFilter;
  vendors: Vendor[];
  people: KnownClinician[];
  /** The id of the last person on this page when there are more, else null. */
  next: string | null;
  /** This is not the first page. */
  later: boolean;
}

/** The roster: who is on it, narrowed and searched. */
export function peopleBody(view: PeopleView, viewer: Viewer): Html {
  const { filter, people, next, later } = view;
  return html`<h1>People</h1>
    <p class="lead">
      The practice’s roster: who uses which EHR, and where their notices and charges go.
    </p>
    <div class="buttons tools">
      ${
        may(viewer, 'operate') &&
        html`<a class="button" href="/console/people/new">Add somebody</a>
          <a class="button plain" href="/console/people/upload">Upload a roster</a>`
      }
      <a class="button plain" href="/console/people/roster.csv">Download the roster</a>
    </div>
    ${search(view)} ${people.length === 0 ? nobody(view, viewer) : table(columns(view), people)}
    ${
      (next !== null || later) &&
      html`<p class="buttons">
        ${later && html`<a href="/console/people${queryOf(filter)}">First page</a>`}
        ${next && html`<a href="/console/people${queryOf(filter, next)}">Next page</a>`}
      </p>`
    }`;
}

function nobody({ filter, later }: PeopleView, viewer: Viewer): Html {
  if (later) return nothing('Nobody comes after the last page.');
  if (filter.text ?? filter.vendor ?? filter.gap)
    return html`<p class="empty">
      Nobody on the roster is like this. <a href="/console/people">Show everybody</a>
    </p>`;
  return may(viewer, 'operate')
    ? nothing('Nobody is on the roster yet. Add somebody, or upload a roster file.')
    : nothing('Nobody is on the roster yet. Somebody whose role is “Works” can upload it.');
}

const GAP_WORDS: Record<Gap, string> = {
  no_email: 'No e-mail',
  no_card: 'No card',
  no_customer: 'No Stripe customer',
};

function search({ filter, vendors }: PeopleView): Html {
  return html`<form class="row" method="get" action="/console/people" role="search">
    <div>
      <label for="q">Name, e-mail, reference or NPI</label>
      <input id="q" name="q" type="search" value="${filter.text}" maxlength="200" dir="auto" />
    </div>
    <div>
      <label for="vendor">EHR</label
      ><select id="vendor" name="vendor">
        ${option('', 'Any', filter.vendor === null)}
        ${vendors.map(({ vendor, name }) => option(vendor, name, filter.vendor === vendor))}
      </select>
    </div>
    <div>
      <label for="gap">What is missing</label
      ><select id="gap" name="gap">
        ${option('', 'Anything or nothing', filter.gap === null)}
        ${(Object.keys(GAP_WORDS) as Gap[]).map((gap) =>
          option(gap, GAP_WORDS[gap], filter.gap === gap),
        )}
      </select>
    </div>
    <div>
      <label for="sort">Order</label
      ><select id="sort" name="sort">
        ${option('ref', 'By reference', filter.sort === 'ref')}
        ${option('name', 'By name', filter.sort === 'name')}
      </select>
    </div>
    <button>Show</button>
  </form>`;
}

function columns({ vendors }: PeopleView): Column<KnownClinician>[] {
  const names = new Map(vendors.map(({ vendor, name }) => [vendor, name]));
  return [
    {
      head: 'Person',
      kind: 'name',
      cell: ({ clinicianId, name, ref }) =>
        html`<a href="/console/people/${clinicianId}">${isolated(name)}</a>
          <span class="small soft">${isolated(ref)}</span>`,
    },
    { head: 'EHR', cell: ({ vendor }) => names.get(vendor) ?? vendor },
    {
      head: 'E-mail',
      cell: ({ email }) => (email ? isolated(email) : html`<span class="soft">none</span>`),
    },
    { head: 'NPI', cell: ({ npi }) => npi },
    {
      head: 'Stripe customer',
      cell: ({ stripeCustomer }) =>
        stripeCustomer
          ? html`<code>${stripeCustomer}</code>`
          : html`<span class="soft">none</span>`,
    },
  ];
}

function queryOf(filter: PeopleFilter, after?: string): string {
  const query = new URLSearchParams();
  if (filter.text) query.set('q', filter.text);
  if (filter.vendor) query.set('vendor', filter.vendor);
  if (filter.gap) query.set('gap', filter.gap);
  if (filter.sort !== 'ref') query.set('sort', filter.sort);
  if (after) query.set('after', after);
  const text = query.toString();
  return text ? `?${text}` : '';
}
