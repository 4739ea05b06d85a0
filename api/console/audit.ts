import { html, type Html } from './html.ts';
import { nothing } from './layout.ts';
import { when } from './times.ts';

/** One line of the audit trail, as the ledger gives it. */
export interface Audited {
  auditId: number;
  at: Date;
  actor: string;
  action: string;
  object: string;
  detail: Record<string, unknown>;
}

/** What people did, newest first. */
export function auditBody(acts: readonly Audited[], more: boolean, timeZone: string): Html {
  return html`<h1>Audit</h1>
    <p class="lead">
      Every act of a person, by the name of the key it was done with. The trail can only be added
      to.
    </p>
    ${
      acts.length === 0
        ? nothing('Nobody has done anything yet.')
        : html`<table class="stack">
            <thead>
              <tr>
                <th>When</th>
                <th>Who</th>
                <th>Did</th>
                <th>To</th>
                <th>Said</th>
              </tr>
            </thead>
            <tbody>
              ${acts.map((act) => row(act, timeZone))}
            </tbody>
          </table>`
    }
    ${more && html`<p><a href="/console/audit?before=${acts.at(-1)?.auditId}">Earlier</a></p>`}`;
}

function row({ at, actor, action, object, detail }: Audited, timeZone: string): Html {
  return html`<tr>
    <td data-label="When">${when(at, timeZone)}</td>
    <th scope="row" data-label="Who"><bdi>${actor}</bdi></th>
    <td data-label="Did"><code>${action}</code></td>
    <td data-label="To"><span>${objectOf(object)}</span></td>
    <td data-label="Said">
      <span
        >${Object.entries(detail).map(
          ([name, value]) => html`<span class="soft">${name}</span> ${textOf(value)} `,
        )}</span
      >
    </td>
  </tr>`;
}

const UUID = /^(?:(fee|assessment|import) )?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** A link where the object says what it is: "fee <id>". */
function objectOf(object: string): Html {
  const [, kind, id] = UUID.exec(object) ?? [];
  if (!kind || !id) return html`${object}`;
  return html`<a href="/console/${kind}s/${id}">${kind} ${id.slice(0, 8)}</a>`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
