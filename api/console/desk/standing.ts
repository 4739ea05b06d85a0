import type { BulkAct, BulkProgress } from '../../../ledger/bulk-acts.ts';
import type { ApiDeps } from '../../deps.ts';
import { html, type Html } from '../html.ts';
import { isolated } from '../isolated.ts';
import { when } from '../times.ts';
import { counted } from '../words.ts';
import { BULK_STATE_WORDS, resultWords } from './words.ts';

/** How far an act on many fees is. */
export interface Standing {
  act: BulkAct;
  progress: BulkProgress;
  timeZone: string;
}

/** How far an act is, as its page shows it; null when there is no such act under way. */
export async function standingOf(deps: ApiDeps, bulkId: string): Promise<Html | null> {
  const { bulkActs } = deps.ledger;
  const act = await bulkActs.get(bulkId);
  if (!act || act.state === 'previewed') return null;
  const progress = await bulkActs.progress(bulkId);
  return standingRegion({ act, progress, timeZone: deps.policy.timeZone });
}

/** The part of the page that changes by itself; it is the same for everybody. */
export function standingRegion(view: Standing): Html {
  const { act, progress, timeZone } = view;
  const of = (name: string) => progress.find(({ result }) => result === name)?.fees ?? 0;
  const decided = act.members - of('open');
  const share = act.members === 0 ? 1 : decided / act.members;
  return html`<h2 class="first">${BULK_STATE_WORDS[act.state]}</h2>
    <p>
      By ${isolated(act.startedBy ?? '')}, since
      ${act.startedAt && when(act.startedAt, timeZone)}${
        act.endedAt && html`, ended ${when(act.endedAt, timeZone)}`
      }.
    </p>
    <label class="small soft" for="progress"
      >${decided.toLocaleString('en-US')} of ${counted(act.members, 'fee')}</label
    >
    <progress id="progress" max="1" value="${share.toFixed(4)}"></progress>
    <ul class="reasons">
      ${progress.map(
        ({ result, fees }) =>
          html`<li>
            <strong>${fees.toLocaleString('en-US')}</strong> ${resultWords(act.act, result)}
          </li>`,
      )}
    </ul>
    ${waiting(act)} ${act.state === 'paused' && paused(act)}`;
}

function waiting({ state, waveTo, members }: BulkAct): Html | null {
  if (state !== 'running' || waveTo === 0 || waveTo >= members) return null;
  return html`<p class="soft">
    The first ${waveTo.toLocaleString('en-US')} go out; the others follow when the banks have
    answered for these. <a href="">Look again</a>
  </p>`;
}

function paused({ pausedBy, pausedWhy }: BulkAct): Html {
  return html`<div class="warn">
    <p><strong>Paused</strong> by ${isolated(pausedBy ?? '')}: ${pausedWhy}</p>
  </div>`;
}
