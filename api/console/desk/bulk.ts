import { dollars } from '../../../core/fee/money.ts';
import { whereOf } from '../../../core/fee/selection.ts';
import type { RefusedAction } from '../../../core/fee/actions.ts';
import type { BulkAct, BulkGroup, BulkMember } from '../../../ledger/bulk-acts.ts';
import { scopeOf } from '../../routes/actions.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { formToken, may, nothing, type Viewer } from '../layout.ts';
import { stateBadge } from '../states.ts';
import { person, table, type Column } from '../table.ts';
import { counted } from '../words.ts';
import { deskPath } from './filter.ts';
import { standingRegion, type Standing } from './standing.ts';
import { BULK_WORDS, effectWords, REFUSED_WORDS, resultWords } from './words.ts';

export interface BulkView extends Standing {
  members: BulkMember[];
  /** The position of the last member on this page when there are more, else null. */
  next: number | null;
}

/** The page of an act on many fees: what it would do, and then what it did. */
export function bulkBody(view: BulkView, viewer: Viewer): Html {
  const { act } = view;
  const heading = BULK_WORDS[act.act].label;
  return html`<p class="crumbs"><a href="${deskPath(act.selection)}">Failed cards</a></p>
    <h1>${heading}: ${counted(act.members, 'fee')}</h1>
    <p class="lead">
      ${whereOf(act.selection) || 'Every fee'}${act.why && html`. Reason: ${isolated(act.why)}`}
    </p>
    ${act.state === 'previewed' ? preview(act, viewer) : standing(view, viewer)}
    <h2>The fees</h2>
    ${
      view.members.length === 0
        ? nothing('It would be done to no fee.')
        : table(columns(act), view.members)
    }
    ${
      view.next !== null &&
      html`<p><a href="/console/desk/acts/${act.bulkId}?after=${view.next}">Next page</a></p>`
    }`;
}

function preview(act: BulkAct, viewer: Viewer): Html {
  const cents = act.preview.reduce((sum, one) => sum + (one.refused ? 0 : one.cents), 0);
  const { label } = BULK_WORDS[act.act];
  return html`<section class="card">
    <h2 class="first">What would happen</h2>
    ${groups(act)}
    <p class="soft">
      Nobody is charged twice: a fee has one payment at Stripe. What has changed by the time a fee’s
      turn comes is looked at again, and no other fee joins.
    </p>
    ${
      act.members > 0 &&
      may(viewer, scopeOf(act.act)) &&
      html`<form method="post" action="/console/desk/acts/${act.bulkId}/start">
        ${formToken(viewer)}
        <button${DANGER.has(act.act) && html` class="danger"`}>
          ${label}: ${counted(act.members, 'fee')}, ${dollars(cents)}
        </button>
        <a class="button plain" href="${deskPath(act.selection)}">Back</a>
      </form>`
    }
  </section>`;
}

const DANGER: ReadonlySet<string> = new Set(['waive', 'refund']);

function groups({ act, preview }: BulkAct): Html {
  const total = preview.reduce((sum, { fees }) => sum + fees, 0);
  if (total === 0) return nothing('No fee matches.');
  return html`<p><strong>${counted(total, 'fee')}</strong> match:</p>
    <ul class="reasons">
      ${preview.map(
        (group) =>
          html`<li><strong>${group.fees.toLocaleString('en-US')}</strong> ${words(group)}</li>`,
      )}
    </ul>`;

  function words({ refused, step, on, cents }: BulkGroup): Html {
    if (refused) return html`are left out: ${REFUSED_WORDS[refused as RefusedAction]}`;
    return html`${effectWords(act, step, on)} <span class="soft">${dollars(cents)}</span>`;
  }
}

function standing(view: BulkView, viewer: Viewer): Html {
  const { act } = view;
  return html`<section class="card" id="standing">
    <div data-live="/console/live/act-${act.bulkId}">${standingRegion(view)}</div>
    ${buttons(act, viewer)}
  </section>`;
}

function buttons(act: BulkAct, viewer: Viewer): Html | null {
  if (!may(viewer, 'operate') || act.state === 'finished' || act.state === 'aborted') return null;
  const form = (wish: string, label: string, danger = false) =>
    html`<form class="inline" method="post" action="/console/desk/acts/${act.bulkId}/${wish}">
      ${formToken(viewer)}<button class="${danger ? 'danger' : 'plain'}">${label}</button>
    </form>`;
  return html`<p class="buttons">
    ${act.state === 'running' && form('pause', 'Pause')}
    ${act.state === 'paused' && may(viewer, scopeOf(act.act)) && form('resume', 'Go on')}
    ${form('abort', 'End it here', true)}
  </p>`;
}

function columns({ act }: BulkAct): Column<BulkMember>[] {
  return [
    { head: 'Clinician', kind: 'name', cell: ({ name, ref, feeId }) => person(name, ref, feeId) },
    { head: 'Stands now', cell: ({ state }) => stateBadge(state) },
    { head: 'Result', cell: ({ result }) => resultWords(act, result ?? 'open') },
  ];
}
