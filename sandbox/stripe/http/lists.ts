/** Lists, newest first, with Stripe's cursors. */
import { invalidRequest, noSuch } from './errors.ts';
import type { TimeRange } from './params.ts';
import type { Table } from '../engine/store.ts';

/** What a list request may say. */
export interface ListParams {
  limit?: number;
  starting_after?: string;
  ending_before?: string;
  created?: TimeRange;
}

/** Which records a list is of. */
export interface ListOptions<T> {
  url: string;
  /** The object's name in error messages. */
  kind: string;
  /** A field and value to look records up by, where the value is given. */
  index?: [field: string, value: string | undefined];
  keep?: (record: T) => boolean;
}

/** One page, as Stripe writes it. */
export interface Page<T> {
  object: 'list';
  data: T[];
  has_more: boolean;
  url: string;
}

/** One page of a table: `limit` is 10 unless given, at most 100. */
export function listRecords<T extends { id: string; created?: number }>(
  table: Table<T>,
  params: ListParams,
  options: ListOptions<T>,
): Page<T> {
  const limit = params.limit ?? 10;
  if (limit < 1 || limit > 100) {
    throw invalidRequest('Limit must be between 1 and 100.', {
      code: 'parameter_invalid_integer',
      param: 'limit',
    });
  }
  const [field, value] = options.index ?? [];
  const ids = value === undefined ? table.ids() : table.ids(field, value);
  const backwards = params.ending_before !== undefined;
  const data: T[] = [];
  let more = false;
  for (const record of walk(table, ids, params, options.kind)) {
    if (!inRange(record.created, params.created) || options.keep?.(record) === false) continue;
    if (data.length === limit) {
      more = true;
      break;
    }
    data.push(record);
  }
  if (backwards) data.reverse();
  return { object: 'list', data, has_more: more, url: options.url };
}

/** Records from the cursor on: towards older ones, or towards newer ones for `ending_before`. */
function* walk<T extends { id: string }>(
  table: Table<T>,
  ids: readonly string[],
  params: ListParams,
  kind: string,
): Generator<T> {
  const { starting_after: after, ending_before: before } = params;
  const step = before === undefined ? -1 : 1;
  let at = step < 0 ? ids.length - 1 : 0;
  const cursor = before ?? after;
  if (cursor !== undefined) {
    if (!table.get(cursor)) {
      throw noSuch(kind, cursor, before === undefined ? 'starting_after' : 'ending_before');
    }
    at = ids.lastIndexOf(cursor) + step;
  }
  for (; at >= 0 && at < ids.length; at += step) {
    const record = table.get(ids[at] as string);
    if (record) yield record;
  }
}

function inRange(created: number | undefined, range: TimeRange | undefined): boolean {
  if (!range || created === undefined) return true;
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity, at = created } = range;
  return created > gt && created >= gte && created < lt && created <= lte && created === at;
}
