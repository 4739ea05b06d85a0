import type { FastifyRequest } from 'fastify';
import { actionOf, type BulkAction } from '../../core/fee/outlook.ts';
import { parseWhere, whereOf, type FeeSelection } from '../../core/fee/selection.ts';
import type { BulkAct } from '../../ledger/bulk-acts.ts';
import { callerOf } from '../http/auth.ts';
import { problem } from '../http/errors.ts';
import { audited, byOf, enqueueDue, scopeOf, type ActionDeps } from './actions.ts';

/** The fees that a text means. Throws `wrong_selection` with the mistake. */
export function selectionOf(where: string): FeeSelection {
  const parsed = parseWhere(where);
  if ('mistake' in parsed) throw problem('wrong_selection', { message: parsed.mistake });
  return parsed;
}

/** Whether an act needs a reason, or the text of a note. */
export function bulkNeedsWhy(act: BulkAction): boolean {
  return 'why' in actionOf(act, '');
}

/**
 * Previews an act on every fee that matches. Throws `wrong_selection`, `why_needed`, and
 * `missing_scope` for a caller who may not do it to one fee.
 * @param where  as `parseWhere` reads it
 */
export async function previewBulkAct(
  deps: ActionDeps,
  request: FastifyRequest,
  { act, why, where }: { act: BulkAction; why: string | null; where: string },
): Promise<BulkAct> {
  const line = { action: 'preview_bulk_act', object: 'fees', detail: { act, where } };
  return audited(deps, byOf(request), line, async () => {
    mustHaveScope(request, act);
    const reason = bulkNeedsWhy(act) ? why?.trim() || null : null;
    if (bulkNeedsWhy(act) && !reason) throw problem('why_needed');
    const bulkId = await deps.ledger.bulkActs.preview({
      ...{ act, why: reason, selection: selectionOf(where) },
      createdBy: callerOf(request).name,
      timeZone: deps.policy.timeZone,
    });
    return bulkActOf(deps, bulkId);
  });
}

/** The act with this id. Throws `not_found`. */
export async function bulkActOf({ ledger }: ActionDeps, bulkId: string): Promise<BulkAct> {
  const act = await ledger.bulkActs.get(bulkId);
  if (!act) throw problem('not_found');
  return act;
}

/**
 * Begins a previewed act; the line in the audit has its selection, its members and what was shown.
 * Throws `not_found`, `missing_scope` and `bulk_act_state`.
 */
export async function startBulkAct(
  deps: ActionDeps,
  request: FastifyRequest,
  bulkId: string,
): Promise<BulkAct> {
  const known = await deps.ledger.bulkActs.get(bulkId);
  const line = { action: 'start_bulk_act', object: objectOf(bulkId), detail: known && told(known) };
  await audited(deps, byOf(request), { ...line, detail: line.detail ?? {} }, async () => {
    const { act } = await bulkActOf(deps, bulkId);
    mustHaveScope(request, act);
    if (!(await deps.ledger.bulkActs.start(bulkId, callerOf(request).name)))
      throw problem('bulk_act_state');
  });
  await enqueueDue(deps, 'bulk-act', { bulkId });
  return bulkActOf(deps, bulkId);
}

function told({ act, why, selection, members, preview }: BulkAct): Record<string, unknown> {
  return { act, ...(why && { why }), where: whereOf(selection), members, preview };
}

/** Pauses, resumes or aborts an act. Throws `not_found`, `missing_scope` and `bulk_act_state`. */
export async function steerBulkAct(
  deps: ActionDeps,
  request: FastifyRequest,
  bulkId: string,
  wish: 'pause' | 'resume' | 'abort',
): Promise<BulkAct> {
  const { bulkActs } = deps.ledger;
  const { name } = callerOf(request);
  const wishes = {
    pause: () => bulkActs.pause(bulkId, name, 'asked for'),
    resume: () => bulkActs.resume(bulkId),
    abort: () => bulkActs.abort(bulkId, name),
  };
  const line = { action: `${wish}_bulk_act`, object: objectOf(bulkId) };
  await audited(deps, byOf(request), line, async () => {
    const { act } = await bulkActOf(deps, bulkId);
    // Anybody who may operate stops an act; to let it go on takes what it took to begin it.
    if (wish === 'resume') mustHaveScope(request, act);
    if (!(await wishes[wish]())) throw problem('bulk_act_state');
  });
  if (wish === 'resume') await enqueueDue(deps, 'bulk-act', { bulkId });
  return bulkActOf(deps, bulkId);
}

const objectOf = (bulkId: string) => `bulk act ${bulkId}`;

function mustHaveScope(request: FastifyRequest, act: BulkAction): void {
  const scope = scopeOf(act);
  if (!callerOf(request).scopes.includes(scope))
    throw problem('missing_scope', { details: { scope } });
}
