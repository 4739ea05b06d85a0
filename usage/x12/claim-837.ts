import { compactDay } from '../day.ts';
import type { Clinician, Sink } from '../finding.ts';
import { elementAt, elementsOf, type Segment, type TransactionReader } from './segments.ts';
import { fromNm1, NOBODY, type Service, service, useOf } from './service.ts';

interface Line {
  /** A second service segment starts a line of its own: some files leave LX out. */
  served: boolean;
  services: { service: Service; segment: Segment; rule: string }[];
  rendering: Clinician | null;
  date: string | null;
}

interface Claim {
  rendering: Clinician | null;
  serviceDate: string | null;
  statementDate: string | null;
  /** After SBR the claim describes another payer (loops 2320, 2330): its NM1*82 is not ours. */
  otherPayer: boolean;
}

/**
 * Reads the claims of one 837, P or I. Who rendered: the service line's NM1*82 (2420A), else the
 * claim's (2310B), else the billing provider (2010AA). When: DTP*472, else the claim's DTP*434.
 */
export function createClaims(sink: Sink): TransactionReader {
  let billing: Clinician | null = null;
  let claim: Claim | null = null;
  let line: Line | null = null;
  let claims = 0;

  function closeLine(): void {
    const closing = line;
    line = null;
    if (!closing) return;
    const [clinician, loop] = whoRendered(closing, claim, billing);
    const date = closing.date ?? claim?.serviceDate ?? claim?.statementDate ?? null;
    for (const { service: found, segment, rule } of closing.services)
      sink(useOf(found, segment, { clinician, date, rule: `${rule}.${loop}` }));
  }

  function closeClaim(): void {
    closeLine();
    claim = null;
  }

  function openClaim(): Claim {
    claims++;
    return { rendering: null, serviceDate: null, statementDate: null, otherPayer: false };
  }

  function addService(segment: Segment, composite: string): void {
    if (!line || line.served) {
      closeLine();
      line = openLine();
    }
    line.served = true;
    const found = service(composite);
    const rule = segment.tag === 'SV1' ? 'x12.sv1' : 'x12.sv2';
    if (found) line.services.push({ service: found, segment, rule });
  }

  /** Another payer's adjudication of the same line: new only if it names another code. */
  function addAdjudication(segment: Segment): void {
    const found = line ? service(elementAt(segment, 3)) : null;
    if (!found || !line) return;
    if (line.services.some((known) => known.service.code === found.code)) return;
    line.services.push({ service: found, segment, rule: 'x12.svd' });
  }

  function provider(segment: Segment): void {
    const elements = elementsOf(segment);
    const clinician = fromNm1(elements);
    if (elements[1] === '85') {
      if (!claim) billing = clinician;
      return;
    }
    if (line) line.rendering = clinician;
    // Without a claim the file begins in the middle of one.
    else if (!(claim ??= openClaim()).otherPayer) claim.rendering = clinician;
  }

  function date(segment: Segment): void {
    const qualifier = elementAt(segment, 1);
    const found = compactDay(elementAt(segment, 3).trim());
    if (!found) return;
    if (qualifier === '472') {
      if (line) line.date ??= found;
      else if (claim) claim.serviceDate ??= found;
    } else if (qualifier === '434' && claim && !line) claim.statementDate ??= found;
  }

  const handlers: Record<string, (segment: Segment) => void> = {
    HL(segment) {
      closeClaim();
      if (elementAt(segment, 3).trim() === '20') billing = null;
    },
    CLM() {
      closeClaim();
      claim = openClaim();
    },
    SBR() {
      if (claim && !line) claim.otherPayer = true;
    },
    LX() {
      closeLine();
      line = openLine();
    },
    SV1: (segment) => addService(segment, elementAt(segment, 1)),
    SV2: (segment) => addService(segment, elementAt(segment, 2)),
    SVD: addAdjudication,
    NM1: provider,
    DTP: date,
  };

  return {
    segment: (segment) => handlers[segment.tag]?.(segment),
    flush() {
      closeClaim();
      billing = null;
    },
    claims: () => claims,
  };
}

function openLine(): Line {
  return { served: false, services: [], rendering: null, date: null };
}

function whoRendered(
  line: Line,
  claim: Claim | null,
  billing: Clinician | null,
): [Clinician, string] {
  if (line.rendering) return [line.rendering, '2420A'];
  if (claim?.rendering) return [claim.rendering, '2310B'];
  return billing ? [billing, '2010AA'] : [NOBODY, 'nobody'];
}
