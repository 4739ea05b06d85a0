import { dollars } from '../../core/fee/money.ts';
import {
  keptCents,
  outcomeOf,
  outcomeWords,
  type MatchDecision,
} from '../../core/reconcile/three-way.ts';
import type { Scope } from '../../ledger/access.ts';
import type { MatchItem } from '../../ledger/invoice-match.ts';
import type { Invoice, InvoiceActed, InvoiceHead, InvoiceLine } from '../../ledger/invoices.ts';
import { problem } from '../http/errors.ts';
import {
  applyAction,
  audited,
  enqueueDue,
  followEvidence,
  type ActionDeps,
  type By,
} from '../routes/actions.ts';

/** Enters a draft of a vendor's invoice and gives its id. Throws why it is refused. */
export async function enterInvoice(
  deps: ActionDeps,
  by: By,
  head: InvoiceHead & { fileName: string | null },
  lines: readonly InvoiceLine[],
): Promise<string> {
  const detail: Record<string, unknown> = {
    ...{ vendor: head.vendor, year: head.year, number: head.number },
    ...{ total: dollars(head.totalCents), lines: lines.length },
  };
  const object = `invoice of ${head.vendor} ${head.year}`;
  return audited(deps, by, { action: 'enter_invoice', object, detail }, async () => {
    const entered = await deps.ledger.invoices.draft({ ...head, enteredBy: by.actor }, lines);
    const { invoiceId } = accepted(entered);
    detail['invoice'] = invoiceId;
    return invoiceId;
  });
}

/** Confirms a draft: from now on it counts. Throws why it is refused. */
export async function confirmInvoice(
  deps: ActionDeps,
  by: By,
  invoiceId: string,
  anyway: boolean,
): Promise<void> {
  await audited(deps, by, actOf('confirm_invoice', invoiceId), async () => {
    accepted(await deps.ledger.invoices.confirm(invoiceId, by.actor, anyway));
    await followInvoice(deps, invoiceId, 'confirmed');
  });
}

/** Ends a confirmed invoice that should not have been entered. */
export async function voidInvoice(
  deps: ActionDeps,
  by: By,
  invoiceId: string,
  why: string,
): Promise<void> {
  await audited(deps, by, { ...actOf('void_invoice', invoiceId), detail: { why } }, async () => {
    if (!(await deps.ledger.invoices.voidInvoice(invoiceId, by.actor, why)))
      throw problem((await deps.ledger.invoices.get(invoiceId)) ? 'not_standing' : 'not_found');
    await followInvoice(deps, invoiceId, 'voided');
  });
}

/** Removes a draft. */
export async function discardInvoice(deps: ActionDeps, by: By, invoiceId: string): Promise<void> {
  await audited(deps, by, actOf('discard_invoice', invoiceId), async () => {
    if (!(await deps.ledger.invoices.discard(invoiceId)))
      throw problem(
        (await deps.ledger.invoices.get(invoiceId)) ? 'already_confirmed' : 'not_found',
      );
  });
}

/** Changes a draft by `change`, which gives false when there is no draft. */
export async function changeDraft(
  deps: ActionDeps,
  by: By,
  invoiceId: string,
  detail: Record<string, unknown>,
  change: () => Promise<boolean>,
): Promise<void> {
  await audited(deps, by, { ...actOf('change_invoice', invoiceId), detail }, async () => {
    if (await change()) return;
    throw problem((await deps.ledger.invoices.get(invoiceId)) ? 'already_confirmed' : 'not_found');
  });
}

/** Says who on the roster is meant by a line of an invoice. */
export async function matchLine(
  deps: ActionDeps,
  by: By,
  { invoiceId, line }: { invoiceId: string; line: number },
  ref: string,
): Promise<void> {
  const detail = { line, ref };
  await audited(deps, by, { ...actOf('match_invoice_line', invoiceId), detail }, async () => {
    const person = (await deps.ledger.clinicians.similar([{ ref }])).find(
      (one) => one.ref.toLowerCase() === ref.toLowerCase(),
    );
    if (!person) throw problem('unknown_clinician');
    const { clinicianId } = person;
    if (!(await deps.ledger.invoices.matchLine(invoiceId, line, clinicianId, by.actor)))
      throw problem('already_matched');
    await followInvoice(deps, invoiceId, `line-${line}`);
  });
}

/** The scope a decision needs: whatever moves money, or ends the matter, needs `approve`. */
export function scopeOfDecision(decision: MatchDecision): Scope {
  return decision === 'dispute' || decision === 'await' ? 'operate' : 'approve';
}

/** The cents of an item as a page shows them: a decision names what it was made on. */
export function seenOf({ facts }: MatchItem): string {
  const { invoicedCents, feeCents } = facts;
  return [outcomeOf(facts), invoicedCents, feeCents, keptCents(facts)].join(' ');
}

/**
 * Decides about a difference: does at once what the decision asks for, then records it. Throws
 * `not_found`, `stale_match`, `not_offered`, or why the act on the fee is refused.
 * @param seen  what the page showed (`seenOf`); null from the API, where the outcome was read
 */
export async function decideItem(
  deps: ActionDeps,
  by: By,
  of: { vendor: string; year: number; item: string },
  input: { decision: MatchDecision; why: string; seen: string | null },
): Promise<void> {
  const { decision, why, seen } = input;
  const object = `match of ${of.vendor} ${of.year}`;
  const detail: Record<string, unknown> = { item: of.item, decision, why };
  await audited(deps, by, { action: 'decide_difference', object, detail }, async () => {
    const item = await deps.ledger.invoiceMatch.item(of.vendor, of.year, of.item);
    if (!item) throw problem('not_found');
    const outcome = outcomeOf(item.facts);
    detail['about'] = outcomeWords(outcome).label;
    if (seen !== null && seen !== seenOf(item)) throw problem('stale_match');
    if (!outcomeWords(outcome).decisions.includes(decision)) throw problem('not_offered');
    await actOn(deps, by, item, { ...of, decision, why });
    await deps.ledger.invoiceMatch.decide({ ...of, item, decision, why, by: by.actor });
  });
}

async function actOn(
  deps: ActionDeps,
  by: By,
  item: MatchItem,
  { decision, why, year }: { decision: MatchDecision; why: string; year: number },
): Promise<void> {
  if (decision === 'refund' || decision === 'waive') {
    if (!item.feeId) throw problem('not_offered');
    await applyAction(deps, by, item.feeId, { act: decision, why });
  }
  if (decision !== 'accept') return;
  const { invoiceId, line, clinicianId } = item;
  if (invoiceId === null || line === null || clinicianId === null) throw problem('not_offered');
  await deps.ledger.invoiceMatch.acceptAsEvidence(invoiceId, line, by.actor);
  const feeIds = await deps.ledger.evidence.feesOf([{ clinicianId, year }]);
  await followEvidence(deps, by, feeIds, true);
}

/** An invoice that is there. Throws `not_found`. */
export async function invoiceOf({ ledger }: ActionDeps, invoiceId: string): Promise<Invoice> {
  const invoice = await ledger.invoices.get(invoiceId);
  if (!invoice) throw problem('not_found');
  return invoice;
}

function actOf(action: string, invoiceId: string): { action: string; object: string } {
  return { action, object: `invoice ${invoiceId}` };
}

function accepted(acted: InvoiceActed): { invoiceId: string } {
  if ('invoiceId' in acted) return acted;
  throw problem(acted.refused, acted.other ? { details: { invoice: acted.other } } : {});
}

/** Has the fees told what the invoices carry now. Without the queue the hourly run tells them. */
async function followInvoice(deps: ActionDeps, invoiceId: string, what: string): Promise<void> {
  const { vendor, year } = await invoiceOf(deps, invoiceId);
  await enqueueDue(deps, 'follow-invoices', { vendor, year, cause: `${invoiceId}-${what}` });
}
