import { compactDay } from '../day.ts';
import type { Clinician, Sink } from '../finding.ts';
import { elementAt, elementsOf, type Segment, type TransactionReader } from './segments.ts';
import { fromN1, fromNm1, NOBODY, type Service, service, useOf } from './service.ts';

interface Paid {
  services: { service: Service; rule: string }[];
  segment: Segment;
  npi: string | null;
  date: string | null;
  weakerDate: string | null;
}

/**
 * Reads the claims of one 835. A denied (CLP02 4) or reversed (22) claim counts: the code was
 * used. Who rendered: the line's REF*HPI, else the claim's NM1*82, else the payee. When: DTM*472
 * or 150 of the line, else DTM*232 of the claim.
 */
export function createRemittance(sink: Sink): TransactionReader {
  let payee: Clinician | null = null;
  let rendering: Clinician | null = null;
  let statementDate: string | null = null;
  let paid: Paid | null = null;
  let claims = 0;

  function closePaid(): void {
    const closing = paid;
    paid = null;
    if (!closing) return;
    const [clinician, loop] = whoRendered(closing.npi, rendering, payee);
    const date = closing.date ?? closing.weakerDate ?? statementDate;
    for (const { service: found, rule } of closing.services)
      sink(useOf(found, closing.segment, { clinician, date, rule: `${rule}.${loop}` }));
  }

  function open(segment: Segment): void {
    closePaid();
    const services: Paid['services'] = [];
    const adjudicated = service(elementAt(segment, 1));
    if (adjudicated) services.push({ service: adjudicated, rule: 'x12.svc' });
    // SVC06: the code as submitted, where the payer changed it. That one was used, too.
    const submitted = service(elementAt(segment, 6));
    if (submitted && submitted.code !== adjudicated?.code)
      services.push({ service: submitted, rule: 'x12.svc06' });
    paid = { services, segment, npi: null, date: null, weakerDate: null };
  }

  function date(segment: Segment): void {
    // DTM holds the date in its second element, DTP in its third.
    const found = compactDay(elementAt(segment, segment.tag === 'DTM' ? 2 : 3).trim());
    const qualifier = elementAt(segment, 1);
    if (!found) return;
    if (paid && (qualifier === '472' || qualifier === '150')) paid.date ??= found;
    else if (paid && qualifier === '151') paid.weakerDate ??= found;
    else if (qualifier === '232') statementDate = found;
    else if (qualifier === '233') statementDate ??= found;
  }

  const handlers: Record<string, (segment: Segment) => void> = {
    N1(segment) {
      payee = fromN1(elementsOf(segment));
    },
    LX: closePaid,
    CLP() {
      closePaid();
      claims++;
      rendering = null;
      statementDate = null;
    },
    NM1(segment) {
      const elements = elementsOf(segment);
      if (elements[1] === '82') rendering = fromNm1(elements);
    },
    SVC: open,
    REF(segment) {
      const value = elementAt(segment, 2).trim();
      if (paid && value !== '') paid.npi = value;
    },
    DTM: date,
    DTP: date,
  };

  return {
    segment: (segment) => handlers[segment.tag]?.(segment),
    flush() {
      closePaid();
      payee = null;
      rendering = null;
      statementDate = null;
    },
    claims: () => claims,
  };
}

function whoRendered(
  npi: string | null,
  rendering: Clinician | null,
  payee: Clinician | null,
): [Clinician, string] {
  if (npi !== null) {
    const name = rendering?.npi === npi ? rendering.name : null;
    return [{ npi, name, id: null }, '2110'];
  }
  if (rendering) return [rendering, '2100'];
  return payee ? [payee, '1000B'] : [NOBODY, 'nobody'];
}
