import type { ImportProblem, ImportResult, WeakEvidence } from '../../ledger/evidence.ts';
import { html, type Html } from './html.ts';
import { formToken, may, nothing, type Viewer } from './layout.ts';
import { day, when } from './times.ts';
import { counted, KIND_WORDS } from './words.ts';

/** Every file of usage records that was read, newest first. */
export function importsBody(imports: readonly ImportResult[], timeZone: string): Html {
  return html`<h1>Imports</h1>
    <p class="lead">
      Files of usage records that were read. What is kept of them is that, when and in which kind of
      record a code was used; never which code, for whom, or what was written.
    </p>
    ${
      imports.length === 0
        ? nothing('No file has been imported yet. Send one with POST /v1/imports or “levy import”.')
        : html`<table class="stack">
            <thead>
              <tr>
                <th>File</th>
                <th>Read</th>
                <th class="number">Records</th>
                <th class="number">Uses found</th>
                <th class="number">Matched</th>
              </tr>
            </thead>
            <tbody>
              ${imports.map(
                (one) =>
                  html`<tr>
                    <th scope="row" data-label="File">
                      <span
                        ><a href="/console/imports/${one.importId}"><bdi>${one.fileName}</bdi></a>
                        <span class="small soft">${one.format}</span></span
                      >
                    </th>
                    <td data-label="Read">
                      <span
                        >${when(one.importedAt, timeZone)}
                        <span class="small soft">by ${one.importedBy}</span></span
                      >
                    </td>
                    <td class="number" data-label="Records">
                      ${one.records.toLocaleString('en-US')}
                    </td>
                    <td class="number" data-label="Uses found">
                      ${one.findings.toLocaleString('en-US')}
                    </td>
                    <td class="number" data-label="Matched">
                      ${one.matched.toLocaleString('en-US')}
                    </td>
                  </tr>`,
              )}
            </tbody>
          </table>`
    }`;
}

export interface ImportView {
  result: ImportResult;
  problems: ImportProblem[];
  /** There are more problems than are shown. */
  more: boolean;
  timeZone: string;
}

/** One import, and what of it needs a person. */
export function importBody({ result, problems, more, timeZone }: ImportView): Html {
  return html`<p class="crumbs"><a href="/console/imports">Imports</a></p>
    <h1><bdi>${result.fileName}</bdi></h1>
    <section class="card">
      <dl class="facts">
        <dt>Read as</dt>
        <dd>${result.format}</dd>
        <dt>Read</dt>
        <dd>${when(result.importedAt, timeZone)} by ${result.importedBy}</dd>
        <dt>Size</dt>
        <dd>${result.bytes.toLocaleString('en-US')} bytes</dd>
        <dt>Records</dt>
        <dd>${result.records.toLocaleString('en-US')}</dd>
        <dt>Uses found</dt>
        <dd>
          ${result.findings.toLocaleString('en-US')}, of which
          ${result.matched.toLocaleString('en-US')} matched to a clinician
        </dd>
        <dt>SHA-256</dt>
        <dd class="hash">${result.sha256}</dd>
      </dl>
    </section>
    <h2>What needs a person</h2>
    ${problems.length === 0 ? nothing('Nothing: every record was read and matched.') : table(problems)}
    ${more && html`<p class="soft">Only the first ${problems.length} are shown.</p>`}`;
}

function table(problems: readonly ImportProblem[]): Html {
  return html`<p class="soft">
      Correct the roster (a missing NPI, reference or name) or the file and import it again: what is
      known already is not counted twice.
    </p>
    <table class="stack">
      <thead>
        <tr>
          <th class="number">Line</th>
          <th>Reason</th>
          <th>What is wrong</th>
          <th>Clinician as written</th>
          <th class="number">Times</th>
        </tr>
      </thead>
      <tbody>
        ${problems.map(
          (one) =>
            html`<tr>
              <td class="number" data-label="Line">${one.line}</td>
              <td data-label="Reason"><code>${one.reason}</code></td>
              <td data-label="What is wrong">
                <span
                  >${one.message}${
                    one.field && html` <span class="small soft">field ${one.field}</span>`
                  }</span
                >
              </td>
              <td data-label="As written">
                <span
                  ><bdi>${one.clinicianName}</bdi>${
                    one.clinicianNpi &&
                    html` <span class="small soft">NPI ${one.clinicianNpi}</span>`
                  }</span
                >
              </td>
              <td class="number" data-label="Times">${one.times}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

/** Weak findings that wait for a person's word. */
export function reviewBody(weak: readonly WeakEvidence[], more: boolean, viewer: Viewer): Html {
  return html`<h1>Review</h1>
    <p class="lead">
      Records that may show a use of a code, but not surely: open the file at the line and say.
      Nobody owes anything for these before somebody has accepted one, and what that makes due still
      has to be approved on the roster.
    </p>
    ${
      weak.length === 0
        ? nothing('Nothing waits for a verdict.')
        : html`<p class="soft">
              ${counted(weak.length, 'finding')}${more && ', and more after these'}.
              ${!may(viewer, 'operate') && 'Somebody with the scope “operate” can decide on them.'}
            </p>
            <table class="stack">
              <thead>
                <tr>
                  <th>Clinician</th>
                  <th>First use</th>
                  <th>Where it stands</th>
                  <th>Why it is weak</th>
                  ${may(viewer, 'operate') && html`<th>Counts as use?</th>`}
                </tr>
              </thead>
              <tbody>
                ${weak.map((one) => weakRow(one, viewer))}
              </tbody>
            </table>`
    }`;
}

function weakRow(one: WeakEvidence, viewer: Viewer): Html {
  return html`<tr>
    <th scope="row" data-label="Clinician"><bdi>${one.ref}</bdi></th>
    <td data-label="First use">
      <span
        >${day(one.firstUsedOn)}
        <span class="soft">in ${KIND_WORDS[one.kind]}, for ${one.year}</span></span
      >
    </td>
    <td data-label="Where">
      <span><bdi>${one.fileName}</bdi>, line ${one.line}</span>
    </td>
    <td data-label="Why weak"><code>${one.rule}</code></td>
    ${may(viewer, 'operate') && html`<td data-label="Counts?">${verdictForm(one, viewer)}</td>`}
  </tr>`;
}

function verdictForm({ evidenceId }: WeakEvidence, viewer: Viewer): Html {
  return html`<form class="buttons" method="post" action="/console/evidence/${evidenceId}">
    ${formToken(viewer)}
    <button name="verdict" value="accepted">Accept</button>
    <button class="plain" name="verdict" value="refused">Refuse</button>
  </form>`;
}
