import type { KnownClinician } from '../../../ledger/clinicians.ts';
import type { Vendor } from '../../../ledger/rates.ts';
import { FIELDS, type Field } from '../../roster/columns.ts';
import { LENGTHS, type RowNote } from '../../roster/validate-row.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, type Viewer } from '../layout.ts';
import { FIELD_WORDS } from './words.ts';

/** What somebody typed, field by field. */
export type Typed = Partial<Record<Field, string>>;

export interface PersonFormView {
  /** The person whose row is edited; null for somebody new. */
  person: KnownClinician | null;
  typed: Typed;
  /** Why the row was not written; empty at first. */
  notes: Pick<RowNote, 'field' | 'reason' | 'message'>[];
  vendors: Vendor[];
  /** The fingerprint of the row as it is shown; empty for somebody new. */
  seen: string;
  /** Somebody else changed the row meanwhile: where it differs from what was typed, it is shown. */
  stale?: boolean;
  /** The time zone of those who have none of their own. */
  timeZone: string;
}

/** The form in which a person is added to the roster, or a row of it is edited. */
export function personForm(view: PersonFormView, viewer: Viewer): Html {
  const { person, notes, seen } = view;
  const here = person ? `/console/people/${person.clinicianId}` : '/console/people';
  return html`<p class="crumbs">
      <a href="/console/people">People</a>${
        person && html` › <a href="${here}">${isolated(person.name)}</a>`
      }
    </p>
    <h1>${person ? 'Edit a person' : 'Add a person'}</h1>
    <p class="lead">
      ${
        person
          ? 'What is changed here is changed for the fees that are under way, too.'
          : 'Whoever is added gets a fee in every assessment that is open already.'
      }
    </p>
    ${notes.length > 0 && refusal(notes)}
    <form class="card fields" method="post" action="${here}">
      ${formToken(viewer)} <input type="hidden" name="seen" value="${seen}" />
      ${FIELDS.map((field) => inputOf(field, view))}
      <p class="buttons">
        <button>${person ? 'Save' : 'Add to the roster'}</button>
        <a class="button plain" href="${here}">Cancel</a>
      </p>
    </form>`;
}

function refusal(notes: PersonFormView['notes']): Html {
  const general = notes.filter(({ field }) => field === null);
  return html`<div class="refused" role="alert">
    <p><strong>Nothing was written.</strong></p>
    ${general.map(({ message }) => html`<p>${message}</p>`)}
    ${general.length < notes.length && html`<p>See the fields marked below.</p>`}
  </div>`;
}

/** What a field is for, where its name does not say it. */
const HINTS: Partial<Record<Field, string>> = {
  ref: 'The practice’s own. It is how a file knows this person, and never changes.',
  email: 'Without one nobody can be told, so nobody is charged.',
  npi: 'Ten digits.',
  stripeCustomer: 'Begins with cus_. Whose card is charged.',
  paymentMethod: 'Begins with pm_. Empty: the customer’s own card.',
};

function inputOf(field: Field, view: PersonFormView): Html {
  const { person, notes, typed, timeZone } = view;
  if (field === 'ref' && person)
    return html`<div>
      <span class="label">${FIELD_WORDS.ref}</span>
      <p>${isolated(person.ref)} <span class="small soft">never changes</span></p>
    </div>`;
  const wrong = notes.filter((note) => note.field === field);
  const hint =
    field === 'timeZone' ? `Empty: ${timeZone}. Like America/Chicago.` : (HINTS[field] ?? null);
  const described = [hint && `${field}-hint`, wrong.length > 0 && `${field}-wrong`].filter(Boolean);
  const about = html`${described.length > 0 && html`aria-describedby="${described.join(' ')}"`}
  ${wrong.length > 0 && html`aria-invalid="true"`} ${NEEDED.has(field) && html`required`}`;
  return html`<div>
    <label for="${field}">${FIELD_WORDS[field]}</label>
    ${
      field === 'vendor'
        ? vendorSelect(view, about)
        : html`<input
            id="${field}"
            name="${field}"
            value="${typed[field]}"
            maxlength="${LENGTHS[field]}"
            autocomplete="off"
            spellcheck="false"
            dir="auto"
            ${about}
          />`
    }
    ${view.stale && person && onRoster(person[field], typed[field])}
    ${hint && html`<p class="small soft" id="${field}-hint">${hint}</p>`}
    ${
      wrong.length > 0 &&
      html`<p class="wrong" id="${field}-wrong">
        ${wrong.map(({ reason, message }) => (reason === 'missing' ? 'This is needed.' : message))}
      </p>`
    }
  </div>`;
}

function onRoster(value: string | null, typed = ''): Html | null {
  if (typed === (value ?? '')) return null;
  return html`<p class="wrong">On the roster now: ${value ? isolated(value) : 'nothing'}</p>`;
}

const NEEDED = new Set<Field>(['ref', 'name', 'vendor']);

function vendorSelect({ vendors, typed }: PersonFormView, about: Html): Html {
  return html`<select id="vendor" name="vendor" ${about}>
    <option value="">Choose</option>
    ${vendors.map(
      ({ vendor, name, levies }) =>
        html`<option value="${vendor}" ${vendor === typed.vendor && html`selected`}>
          ${name}${!levies && ', levies no fee'}
        </option>`,
    )}
  </select>`;
}
