import {
  keptCents,
  outcomeOf,
  outcomeWords,
  standingOf,
} from '../../../core/reconcile/three-way.ts';
import type { MatchItem } from '../../../ledger/invoice-match.ts';
import type { Ledger } from '../../../ledger/ledger.ts';
import { quoted } from '../../http/csv-cell.ts';
import { DECISION_WORDS, standingWords } from './words.ts';

const HEADER =
  '\ufeffname,ref,outcome,stands,invoiced_usd,fee_usd,came_in_usd,invoiced_less_fee_usd,' +
  'decision,reason,decided_by,decided_at\r\n';

/** Items read from the ledger at a time. */
const PAGE = 1_000;

/** The match of a vendor's year as CSV, piece by piece, safe to open in a spreadsheet. */
export async function* matchCsv(
  { invoiceMatch }: Pick<Ledger, 'invoiceMatch'>,
  vendor: string,
  year: number,
): AsyncGenerator<string> {
  yield HEADER;
  for (let after: string | undefined; ;) {
    const page = { after, limit: PAGE };
    const items = await invoiceMatch.items(vendor, year, { facts: null, undecided: false }, page);
    yield items.map(lineOf).join('');
    if (items.length < PAGE) return;
    after = items.at(-1)?.item;
  }
}

function lineOf(item: MatchItem): string {
  const { facts, name, ref, decision, holds, why, decidedBy, decidedAt } = item;
  const outcome = outcomeOf(facts);
  const standing = standingOf(outcome, holds ? decision : null);
  const said = holds && decision !== null;
  const cells = [
    ...[quoted(name), quoted(ref), quoted(outcomeWords(outcome).label)],
    ...[quoted(standingWords(standing)), usd(facts.invoicedCents), usd(facts.feeCents)],
    ...[usd(keptCents(facts)), usd(facts.invoicedCents - facts.feeCents)],
    ...[quoted(said ? DECISION_WORDS[decision].label : null), quoted(said ? why : null)],
    ...[quoted(said ? decidedBy : null), quoted(said ? (decidedAt?.toISOString() ?? null) : null)],
  ];
  return `${cells.join(',')}\r\n`;
}

const usd = (cents: number): string => (cents / 100).toFixed(2);
