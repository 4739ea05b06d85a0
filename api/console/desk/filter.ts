import { Type, type Static } from 'typebox';
import { FEE_STATUSES } from '../../../core/fee/fee.ts';
import { EVERY_FEE, FAILED_STATES, type FeeSelection } from '../../../core/fee/selection.ts';

/** The filter of the desk as it stands in an address; an empty field means any. */
export const DeskQuery = Type.Object({
  state: Type.Optional(Type.Enum(['', ...FEE_STATUSES])),
  assessment: Type.Optional(Type.String({ pattern: '^([0-9a-f-]{36})?$' })),
  decline: Type.Optional(Type.String({ pattern: '^\\w{0,64}$' })),
  days: Type.Optional(Type.String({ pattern: '^\\d{0,4}$' })),
  text: Type.Optional(Type.String({ maxLength: 200 })),
  after: Type.Optional(Type.String({ pattern: '^[0-9a-f-]{36}$' })),
  done: Type.Optional(Type.String({ maxLength: 40 })),
});
export type DeskQuery = Static<typeof DeskQuery>;

/** The fees that a filter means: without a state, all that have failed. */
export function selectionOfQuery(query: DeskQuery): FeeSelection {
  return {
    ...EVERY_FEE,
    states: query.state ? [query.state] : [...FAILED_STATES],
    assessmentId: query.assessment || null,
    declines: query.decline ? [query.decline] : [],
    minDays: query.days ? Number(query.days) : null,
    text: query.text?.trim() || null,
  };
}

/** The address of the desk with this selection. Selections with other parts lose them. */
export function deskPath(selection: FeeSelection, after?: string): string {
  const { states, assessmentId, declines, minDays, text } = selection;
  const fields = {
    state: states.length === 1 ? states[0] : undefined,
    assessment: assessmentId,
    decline: declines[0],
    days: minDays === null ? undefined : String(minDays),
    text,
    after,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value) query.set(name, value);
  return query.size > 0 ? `/console/desk?${query.toString()}` : '/console/desk';
}
