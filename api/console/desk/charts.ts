import type { Recovery } from '../../../ledger/desk.ts';
import { html, type Html } from '../html.ts';
import { counted, declineCode } from '../words.ts';
import type { Part } from '../html.ts';

/** A bar of a chart: of so many fees, so many were paid. */
interface Bar {
  label: Part;
  of: number;
  paid: number;
}

/** How many fees were paid at their first try, their second, ... */
export function recoveryByAttempt(rows: readonly Recovery[]): Bar[] {
  const last = Math.max(0, ...rows.map(({ attempts }) => attempts));
  const sum = (some: readonly Recovery[]) => some.reduce((total, { fees }) => total + fees, 0);
  return Array.from({ length: last }, (_, index) => {
    const tried = rows.filter(({ attempts }) => attempts > index);
    const ended = tried.filter(({ attempts, paid }) => paid && attempts === index + 1);
    return { label: `Try ${index + 1}`, of: sum(tried), paid: sum(ended) };
  });
}

/** How many fees were paid after a decline of each code, the most frequent first. */
export function recoveryByDecline(rows: readonly Recovery[]): Bar[] {
  const codes = new Map<string, { of: number; paid: number }>();
  for (const { decline, paid, fees } of rows) {
    if (decline === null) continue;
    const bar = codes.get(decline) ?? { of: 0, paid: 0 };
    codes.set(decline, { of: bar.of + fees, paid: bar.paid + (paid ? fees : 0) });
  }
  return [...codes]
    .sort(([, a], [, b]) => b.of - a.of)
    .map(([code, bar]) => ({ label: declineCode(code), ...bar }));
}

/** Bars in a table: the numbers are text, and the bar beside them shows the same. */
export function barTable(caption: string, bars: readonly Bar[]): Html {
  return html`<table class="bars">
    <caption>
      ${caption}
    </caption>
    <tbody>
      ${bars.map(({ label, of, paid }) => {
        const share = of === 0 ? 0 : paid / of;
        return html`<tr>
          <th scope="row">${label}</th>
          <td class="number">${counted(paid, 'paid', 'paid')} of ${of.toLocaleString('en-US')}</td>
          <td class="number">${Math.round(share * 100)} %</td>
          <td class="bar-cell">
            <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
              <rect class="track" width="100" height="8" />
              <rect class="good" width="${(share * 100).toFixed(2)}" height="8" />
            </svg>
          </td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}
