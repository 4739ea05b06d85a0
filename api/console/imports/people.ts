import type { Standing, UnmatchedPerson } from '../../../ledger/known-names.ts';
import type { RosterPerson } from '../../../usage/clinician-match.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, may, type Viewer } from '../layout.ts';
import { counted, KIND_WORDS } from '../words.ts';
import { consequence } from './standing.ts';

/** Somebody in a file whom nobody could be matched to, and who on the roster may be meant. */
export interface PersonToMatch extends UnmatchedPerson {
  suggestions: RosterPerson[];
  /** The reference a person asked for, when nobody has it. */
  unknownRef: string | null;
}

export interface PeopleToMatch {
  importId: string;
  people: PersonToMatch[];
  standings: Standing[];
  /** There are more people than are shown. */
  more: boolean;
  /** The EHR for which a match is remembered; null: for any. */
  vendorName: string | null;
}

/** The people of a file who wait for a match. */
export function peopleToMatch(view: PeopleToMatch, viewer: Viewer): Html | null {
  const { people, more, vendorName } = view;
  if (people.length === 0) return null;
  return html`<h3>People who are not on the roster by this name</h3>
    <p class="soft">
      Say once who is meant: it is remembered for every export of
      ${vendorName ? isolated(vendorName) : 'any EHR'}. A match is evidence of use, like a name that
      was found by itself. Nobody is charged for it before the roster is approved.
    </p>
    ${people.map((person, index) => card(person, index, view, viewer))}
    ${more && html`<p class="soft">There are more; they follow when these are decided.</p>`}`;
}

function card(person: PersonToMatch, index: number, view: PeopleToMatch, viewer: Viewer): Html {
  return html`<section class="card match" aria-labelledby="person-${index}">
    <h4 id="person-${index}">
      ${
        person.writtenName
          ? isolated(person.writtenName)
          : html`NPI ${isolated(person.writtenNpi ?? '')}`
      }
    </h4>
    <p class="small soft">
      ${person.writtenName && person.writtenNpi && html`NPI ${isolated(person.writtenNpi)}, `}
      ${counted(person.times, 'use')}, first on line
      ${person.line.toLocaleString('en-US')}${seen(person)}. ${REASONS[person.reason]}
    </p>
    ${may(viewer, 'operate') && decisions(person, index, view, viewer)}
  </section>`;
}

const REASONS: Record<string, string> = {
  ambiguous: 'More than one person on the roster may be meant.',
  organisation: 'This is a company or a group: find out who rendered the service.',
};

function seen({ uses }: PersonToMatch): string {
  const kinds = [...new Set(uses.map(({ kind }) => KIND_WORDS[kind]))];
  const years = [...new Set(uses.map(({ year }) => year))].sort();
  return kinds.length === 0 ? '' : `, in ${kinds.join(' and ')} of ${years.join(', ')}`;
}

function decisions(
  person: PersonToMatch,
  index: number,
  { importId, standings }: PeopleToMatch,
  viewer: Viewer,
): Html {
  const path = `/console/imports/${importId}`;
  const keys = html`<input type="hidden" name="name" value="${person.name}" />
    <input type="hidden" name="npi" value="${person.npi}" />`;
  const isCompany = person.reason === 'organisation';
  return html`${!isCompany && suggestions(person, { path, keys, standings }, viewer)}
    <div class="acts">
      ${
        !isCompany &&
        html`<details ${person.unknownRef !== null && html` open`}>
          <summary>It is somebody else on the roster</summary>
          <form method="get" action="${path}#person-${index}">
            ${keys}
            ${
              person.unknownRef !== null &&
              html`<p class="refused" role="alert">
                Nobody on the roster has the reference ${isolated(person.unknownRef)}.
              </p>`
            }
            <p>
              <label for="ref-${index}">Reference on the roster</label>
              <input
                id="ref-${index}"
                name="ref"
                required
                maxlength="200"
                value="${person.unknownRef}"
              />
            </p>
            <p><button class="plain">Show what it would mean</button></p>
          </form>
        </details>`
      }
      <details>
        <summary>Not on our roster: ignore</summary>
        <form method="post" action="${path}/ignore">
          ${formToken(viewer)} ${keys}
          <p>
            <label for="why-${index}">Because</label>
            <input id="why-${index}" name="why" required maxlength="500" />
          </p>
          <p><button>Ignore from now on</button></p>
        </form>
      </details>
    </div>`;
}

function suggestions(
  person: PersonToMatch,
  { path, keys, standings }: { path: string; keys: Html; standings: Standing[] },
  viewer: Viewer,
): Html {
  if (person.suggestions.length === 0)
    return html`<p class="soft">Nobody on the roster has a name like this.</p>`;
  return html`<form method="post" action="${path}/match">
    ${formToken(viewer)} ${keys}
    <ul class="choices">
      ${person.suggestions.map(
        ({ clinicianId, name, ref }) =>
          html`<li>
            <button class="plain" name="clinician" value="${clinicianId}">
              This is ${isolated(name)}
            </button>
            <span class="small soft"
              >${isolated(ref)}: ${meaning(person, clinicianId, standings)}</span
            >
          </li>`,
      )}
    </ul>
  </form>`;
}

function meaning({ uses }: PersonToMatch, clinicianId: string, standings: Standing[]): string {
  const sure = uses.filter(({ certainty }) => certainty === 'sure').map(({ year }) => year);
  if (sure.length > 0) return consequence(clinicianId, sure, standings);
  return uses.length > 0
    ? 'only weak findings, which then wait under Review'
    : 'no use with a date, so nothing is owed now';
}
