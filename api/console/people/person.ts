import { dollars } from '../../../core/fee/money.ts';
import type { AuditedLine } from '../../../ledger/access.ts';
import type { Assessment } from '../../../ledger/assessments.ts';
import type { KnownClinician } from '../../../ledger/clinicians.ts';
import type { Vendor } from '../../../ledger/rates.ts';
import type { FeeLine } from '../../../ledger/reports.ts';
import { auditTable } from '../audit.ts';
import { html, type Html, type Part } from '../html.ts';
import { isolated } from '../isolated.ts';
import { may, nothing, type Viewer } from '../layout.ts';
import { stateBadge } from '../states.ts';
import { table, type Column } from '../table.ts';
import { counted, nextWords } from '../words.ts';
import { FIELD_WORDS } from './words.ts';

export interface PersonView {
  person: KnownClinician;
  vendors: Vendor[];
  /** The fees of every year, the latest first. */
  fees: FeeLine[];
  assessments: Assessment[];
  evidence: { year: number; pieces: number; counting: number }[];
  /** What was done to the row, newest first. */
  acts: AuditedLine[];
  timeZone: string;
}

/** The page of one person: the row, the fees of all years, the evidence and who changed the row. */
export function personBody(view: PersonView, viewer: Viewer): Html {
  const { person, fees, acts, timeZone } = view;
  return html`<p class="crumbs"><a href="/console/people">People</a></p>
    <h1>${isolated(person.name)}</h1>
    <div class="columns">
      <div>
        <h2 class="first">Fees</h2>
        ${
          fees.length === 0
            ? nothing(
                'No fee yet: no assessment has been opened since this person is on the roster.',
              )
            : table(feeColumns(view), fees)
        }
        <h2>Evidence of use</h2>
        ${
          view.evidence.length === 0
            ? nothing('No record of a use of a code has been found.')
            : table(EVIDENCE, view.evidence)
        }
        <h2>Changes of the row</h2>
        ${
          acts.length === 0
            ? nothing('The row has not been changed since it was added.')
            : auditTable(acts, timeZone)
        }
      </div>
      <aside>
        <section class="card">
          <h3>On the roster</h3>
          ${facts(view)}
          ${
            may(viewer, 'operate') &&
            html`<p class="after">
              <a class="button" href="/console/people/${person.clinicianId}/edit">Edit</a>
              <a class="button plain" href="/console/people/${person.clinicianId}/move"
                >Moved to another EHR</a
              >
            </p>`
          }
        </section>
      </aside>
    </div>`;
}

function facts({ person, vendors }: PersonView): Html {
  const vendor = vendors.find((one) => one.vendor === person.vendor);
  const none = (why: string): Html => html`none <span class="small soft">${why}</span>`;
  const values: [label: string, value: Part][] = [
    [FIELD_WORDS.ref, isolated(person.ref)],
    [
      FIELD_WORDS.vendor,
      html`${vendor?.name ?? person.vendor}${
        vendor?.levies === false && html` <span class="small soft">levies no fee</span>`
      }`,
    ],
    [FIELD_WORDS.email, person.email ? isolated(person.email) : none('no notice, so no charge')],
    [FIELD_WORDS.npi, person.npi ?? none('records are matched by reference or name')],
    [FIELD_WORDS.timeZone, person.timeZone],
    [
      FIELD_WORDS.stripeCustomer,
      person.stripeCustomer ? html`<code>${person.stripeCustomer}</code>` : none('no charge'),
    ],
    [
      FIELD_WORDS.paymentMethod,
      person.paymentMethod
        ? html`<code>${person.paymentMethod}</code>`
        : person.stripeCustomer
          ? 'the customer’s own'
          : none('no charge'),
    ],
  ];
  return html`<dl class="facts">
    ${values.map(
      ([label, value]) =>
        html`<dt>${label}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

function feeColumns({ assessments }: PersonView): Column<FeeLine>[] {
  const byId = new Map(assessments.map((one) => [one.assessmentId, one]));
  return [
    {
      head: 'Fee',
      kind: 'name',
      cell: (fee) =>
        html`<a href="/console/fees/${fee.feeId}"
          >${byId.get(fee.assessmentId)?.vendorName ?? fee.vendor} ${fee.year}</a
        >`,
    },
    { head: 'State', cell: ({ state }) => stateBadge(state) },
    { head: 'Next', cell: ({ nextStep, state }) => nextStep && nextWords(nextStep, state) },
    {
      head: 'Amount',
      kind: 'number',
      cell: ({ assessmentId, state }) => {
        const cents = byId.get(assessmentId)?.amountCents;
        return cents !== undefined && !OWES_NOTHING.has(state) && dollars(cents);
      },
    },
  ];
}

/** States in which nothing is owed. */
const OWES_NOTHING = new Set(['detecting', 'no_use', 'exempt']);

const EVIDENCE: Column<PersonView['evidence'][number]>[] = [
  { head: 'Year', kind: 'name', cell: ({ year }) => String(year) },
  { head: 'Found', cell: ({ pieces }) => counted(pieces, 'piece') },
  { head: 'Counting as use', cell: ({ counting }) => (counting > 0 ? String(counting) : 'none') },
];
