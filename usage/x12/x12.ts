import { createClaims } from './claim-837.ts';
import { createRemittance } from './remittance-835.ts';
import type { Reader, Sink } from '../finding.ts';
import {
  createSegments,
  elementAt,
  type Segment,
  type TransactionReader,
  type Wanted,
} from './segments.ts';

/** Segments any of the readers looks at, with the qualifiers that matter to it. */
const WANTED: Wanted = {
  ISA: null,
  IEA: null,
  GS: null,
  ST: null,
  SE: null,
  HL: null,
  NM1: ['85', '82'],
  N1: ['PE'],
  REF: ['HPI'],
  CLM: null,
  CLP: null,
  SBR: null,
  LX: null,
  SV1: null,
  SV2: null,
  SVC: null,
  SVD: null,
  DTP: ['472', '434', '150', '151', '232', '233'],
  DTM: ['472', '150', '151', '232', '233'],
};

/**
 * Reads X12 837 (professional and institutional) and 835, 4010 and 5010. One finding per service
 * line and CPT code; other transaction sets are passed over and named.
 */
export function createX12Reader(sink: Sink): Reader {
  const readers = { '837': createClaims(sink), '835': createRemittance(sink) };
  // A file without an envelope starts in the middle; its segments say which set they belong to.
  let current: TransactionReader | null = null;
  let skipping = false;
  let open = false;
  let lastLine = 1;

  function segment(next: Segment): void {
    lastLine = next.line;
    if (next.tag === 'ST') return start(next);
    if (next.tag === 'SE' || next.tag === 'ISA' || next.tag === 'IEA' || next.tag === 'GS') {
      current?.flush();
      if (next.tag === 'SE') open = false;
      if (next.tag !== 'GS') current = null;
      skipping = false;
      return;
    }
    if (skipping) return;
    current ??= guess(next);
    current?.segment(next);
  }

  function start(st: Segment): void {
    current?.flush();
    open = true;
    const id = elementAt(st, 1).trim();
    current = id === '837' || id === '835' ? readers[id] : null;
    skipping = current === null;
    if (!skipping) return;
    sink({
      type: 'problem',
      line: st.line,
      field: 'ST01',
      reason: 'x12_other_transaction',
      message:
        'This transaction set is no claim (837) and no remittance (835), so it was not read. ' +
        'Export the claims or the remittances.',
    });
  }

  function guess({ tag }: Segment): TransactionReader | null {
    if (tag === 'SVC' || tag === 'CLP' || tag === 'N1') return readers['835'];
    return tag === 'REF' || tag === 'DTM' ? null : readers['837'];
  }

  const segments = createSegments(WANTED, {
    segment,
    garbage: (line) =>
      sink({
        type: 'problem',
        line,
        field: null,
        reason: 'x12_not_a_segment',
        message: 'Text that is no X12 segment was skipped. Check that the file is complete.',
      }),
    truncated: (line) => truncated(sink, line),
  });

  return {
    write: segments.write,
    end() {
      segments.end();
      current?.flush();
      if (open) truncated(sink, lastLine);
    },
    records: () => readers['837'].claims() + readers['835'].claims(),
  };
}

function truncated(sink: Sink, line: number): void {
  sink({
    type: 'problem',
    line,
    field: null,
    reason: 'truncated',
    message: 'The file ends in the middle of a transaction. Export it again and send the whole.',
  });
}
