import type { SessionRow } from '../../../ledger/sessions.ts';
import { html, type Html } from '../html.ts';
import { isolated, visible } from '../isolated.ts';
import { formToken, nothing, type Viewer } from '../layout.ts';
import { table, type Column } from '../table.ts';
import { when } from '../times.ts';

/** Open sessions with a button to end each; `action` is the path before the session's id. */
export function sessionTable(
  sessions: SessionRow[],
  { action, timeZone, names }: { action: string; timeZone: string; names: boolean },
  viewer: Viewer,
): Html {
  if (sessions.length === 0) return nothing('Nobody is signed in.');
  const who: Column<SessionRow> = {
    head: 'Who',
    kind: 'name',
    cell: ({ name, colleagueId }) =>
      colleagueId
        ? html`<a href="/console/colleagues/${colleagueId}">${isolated(name)}</a>`
        : html`${isolated(name)} <span class="small soft">access token</span>`,
  };
  const columns: Column<SessionRow>[] = [
    ...(names ? [who] : []),
    {
      head: 'Browser',
      cell: ({ browser, own }) =>
        html`${browser}${own && html` <span class="small soft">this one</span>`}`,
    },
    { head: 'Signed in', cell: ({ beganAt }) => when(beganAt, timeZone) },
    { head: 'Last seen', cell: ({ seenAt }) => when(seenAt, timeZone) },
    {
      head: '',
      cell: ({ sessionId, own, name, browser }) =>
        !own &&
        html`<form method="post" action="${action}/${sessionId}/end">
          ${formToken(viewer)}
          <button class="link" aria-label="End the session of ${visible(name)} in ${browser}">
            End
          </button>
        </form>`,
    },
  ];
  return table(columns, sessions);
}
