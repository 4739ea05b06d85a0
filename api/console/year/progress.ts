import { dollars } from '../../../core/fee/money.ts';
import type { FeeStatus } from '../../../core/fee/fee.ts';
import type { Assessment } from '../../../ledger/assessments.ts';
import type { YearDay } from '../../../ledger/year-report.ts';
import { html, type Html } from '../html.ts';
import { nothing } from '../layout.ts';
import { stateBar, STATE_WORDS } from '../states.ts';
import { table, type Column } from '../table.ts';
import { day } from '../times.ts';
import { counted } from '../words.ts';
import { money } from '../home.ts';

export interface ProgressView {
  assessment: Assessment;
  days: YearDay[];
  states: { state: FeeStatus; fees: number; cents: number }[];
}

/** One day of a year: what happened on it, and what is due on it. */
interface Day {
  day: string;
  noticed: number;
  paid: number;
  paidCents: number;
  declined: number;
  due: number;
  dueCents: number;
}

/** How a year goes on: notices, charges and payments by day, and when it will be done. */
export function progressBody({ assessment, days, states }: ProgressView): Html {
  const year = `/console/assessments/${assessment.assessmentId}`;
  const rows = byDay(days);
  return html`<p class="crumbs">
      <a href="/console">Overview</a> ›
      <a href="${year}">${assessment.vendorName} ${assessment.year}</a>
    </p>
    <h1>Progress</h1>
    ${stateBar(states)} ${money(states)}
    <p class="lead">${forecast(rows, states)}</p>
    ${
      rows.length === 0
        ? nothing('No notice has been sent yet.')
        : html`${chart(rows)} ${table(COLUMNS, rows)}`
    }`;
}

function byDay(days: readonly YearDay[]): Day[] {
  const found = new Map<string, Day>();
  for (const { day: on, what, fees, cents } of days) {
    const none = { noticed: 0, paid: 0, paidCents: 0, declined: 0, due: 0, dueCents: 0 };
    const row = found.get(on) ?? { day: on, ...none };
    row[what] = fees;
    if (what === 'paid') row.paidCents = cents;
    if (what === 'due') row.dueCents = cents;
    found.set(on, row);
  }
  return [...found.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
}

/** States in which a fee waits for a person: no day can be foretold for it. */
const WAITING: FeeStatus[] = ['ready', 'needs_card', 'notice_failed', 'held', 'disputed'];

function forecast(rows: readonly Day[], states: ProgressView['states']): string {
  const last = rows.filter(({ due }) => due > 0).at(-1);
  const waiting = states
    .filter(({ state }) => WAITING.includes(state))
    .reduce((sum, { fees }) => sum + fees, 0);
  const unsent = states.find(({ state }) => state === 'approved')?.fees ?? 0;
  const said = [
    last
      ? `The last charge that is planned today is due on ${day(last.day)}; a decline adds days.`
      : 'No charge is planned now.',
    unsent > 0 && `${counted(unsent, 'notice')} still to be sent.`,
    waiting > 0 &&
      `${counted(waiting, 'fee')} ${waiting === 1 ? 'waits' : 'wait'} for a person: for ` +
        'these no day can be foretold.',
  ];
  return said.filter(Boolean).join(' ');
}

const number = (count: number) => count > 0 && count.toLocaleString('en-US');

const COLUMNS: Column<Day>[] = [
  { head: 'Day', kind: 'name', cell: (one) => day(one.day) },
  { head: 'Notices sent', kind: 'number', cell: ({ noticed }) => number(noticed) },
  { head: 'Paid', kind: 'number', cell: ({ paid }) => number(paid) },
  {
    head: 'Money in',
    kind: 'number',
    cell: ({ paidCents }) => paidCents > 0 && dollars(paidCents),
  },
  { head: 'Declined', kind: 'number', cell: ({ declined }) => number(declined) },
  { head: 'Charges due', kind: 'number', cell: ({ due }) => number(due) },
  {
    head: 'Money due',
    kind: 'number',
    cell: ({ dueCents }) => dueCents > 0 && dollars(dueCents),
  },
];

/** Days as bars: paid, and due above it. The table below has the same numbers. */
function chart(rows: readonly Day[]): Html {
  const most = Math.max(1, ...rows.map(({ paid, due }) => paid + due));
  const width = 1_000 / rows.length;
  const bar = (tone: string, at: number, from: number, count: number, title: string) =>
    html`<rect
      class="${tone}"
      x="${(at * width).toFixed(2)}"
      y="${(100 - ((from + count) / most) * 100).toFixed(2)}"
      width="${Math.min(width * 0.8, 60).toFixed(2)}"
      height="${((count / most) * 100).toFixed(2)}"
      ><title>${title}</title></rect
    >`;
  const text = rows
    .filter(({ paid, due }) => paid + due > 0)
    .map((one) => `${day(one.day)}: ${one.paid} paid, ${one.due} due`)
    .join('; ');
  return html`<figure class="chart">
    <svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="Charges by day">
      <desc>${text}</desc>
      ${rows.map((one, at) => [
        bar(STATE_WORDS.paid.tone, at, 0, one.paid, `${day(one.day)}: ${one.paid} paid`),
        bar(STATE_WORDS.noticed.tone, at, one.paid, one.due, `${day(one.day)}: ${one.due} due`),
      ])}
    </svg>
    <figcaption class="small soft">
      Charges by day, from ${day(rows[0]?.day ?? '')} to ${day(rows.at(-1)?.day ?? '')}: paid, and
      due on top of it.
    </figcaption>
  </figure>`;
}
