import type pg from 'pg';
import { createBatch } from './batch.ts';

/** A call that needs tokens, and the limits that apply to it, in calls a second. */
export interface Wanted {
  route: string;
  perEndpoint: number;
  perSecond: number;
}

/** One token of the endpoint and one of the account. */
export interface Reservation {
  route: string;
  number: number;
  accountNumber: number;
  /** The end of the lease, as Postgres formats it; another lease of the tokens has another. */
  lease: string;
  /** The call must be sent between these two moments of `performance.now()`. */
  from: number;
  before: number;
}

/** What is known of a call. `unanswered`: sent, and nobody knows when Stripe counts it. */
export type Ending = 'counted' | 'unanswered' | 'unsent';

/** The name of the account's own tokens and hold, for all endpoints together. */
export const ACCOUNT = 'account';
/** The first pause when Stripe asks to slow down, in ms. */
export const PAUSE_MS = 1_000;

/** A token is leased up to so many ms before it is free, so that asking late costs nothing. */
const AHEAD_MS = 250;
/**
 * A reservation not used within so many ms is dropped. If its process is gone, its tokens are free
 * again after the lease, in ms: this time, a minute for the call, and half a minute to spare.
 */
const SEND_WITHIN_MS = 30_000;
const LEASE_MS = 120_000;
/**
 * How long tokens rest before they are free, in s. Stripe counts a call before it answers, over one
 * second; the extra millisecond allows for clocks that run at different rates. A call without an
 * answer may still be on its way.
 */
const REST_S: Record<Ending, number> = { counted: 1.001, unanswered: 10, unsent: 0 };

/**
 * The factor by which tokens rest longer than the limits require: two when Stripe asked a second
 * time within a minute, more each time, falling to one within a minute without such an answer. A
 * single refused call may be chance: only the pause follows.
 */
const LONGER = `(select coalesce(max(1 + (pause_ms / ${PAUSE_MS}.0 - 1)
  * greatest(0, 1 - extract(epoch from clock_timestamp() - slowed_at) / 60)), 1)
  from holds where name = '${ACCOUNT}' and slowed_at is not null)::double precision`;

/**
 * The tokens of one limit that are free now or soon, the earliest first, without tokens that
 * another statement has locked. After a pause they become free one by one. At most as many as are
 * due in that time, so that tokens saved up in a quiet time are not all used at once.
 */
const nearlyFree = (name: string, limit: string, wanted: string) => `
  select number, at from tokens
  cross join lateral (select greatest(free_at, resumes_at
    + make_interval(secs => number::double precision / ${limit})) as at) as resumed
  where name = ${name} and number <= ${limit} and at <= now + make_interval(secs => $5)
  order by at limit least(${wanted}, ceil(${limit} * $5::double precision))
  for update of tokens skip locked`;

/** The caller that has waited longest comes first, unless its endpoint has no token. */
const RESERVE = `
  with asked as (
    select *, row_number() over (partition by route order by place) as nth
    from unnest($1::text[], $2::integer[], $3::integer[], $4::double precision[])
      as a (route, per_endpoint, per_second, place)),
  moment as materialized (select clock_timestamp() as now,
    (select until from holds where name = '${ACCOUNT}') as resumes_at),
  endpoints as (select route, min(per_endpoint) as most, count(*) as wanted
    from asked group by route),
  own as (
    select route, number, at, row_number() over (partition by route order by at) as nth
    from moment cross join endpoints
    cross join lateral (${nearlyFree('route', 'most', 'wanted')}) as t),
  ready as (select place, route, number, at, row_number() over (order by place) as nth
    from asked join own using (route, nth)),
  account as (
    select number, at, row_number() over (order by at) as nth
    from moment cross join (select min(per_second) as most, (select count(*) from ready) as wanted
      from asked) as limits
    cross join lateral (${nearlyFree(`'${ACCOUNT}'`, 'most', 'wanted')}) as t),
  turns as (select place, route, r.number, a.number as account_number, greatest(r.at, a.at) as at
    from ready r join account a using (nth)),
  taken as (
    update tokens t set free_at = now + make_interval(secs => $6)
    from moment, (select route as name, number from turns
      union all select '${ACCOUNT}', account_number from turns) as mine
    where t.name = mine.name and t.number = mine.number)
  select place, number, account_number as "accountNumber",
    (now + make_interval(secs => $6))::text as lease,
    extract(epoch from at - clock_timestamp())::double precision * 1000 as "waitMs",
    number is null and not (exists (select from tokens t where t.name = a.route
        and t.number = per_endpoint)
      and exists (select from tokens t where t.name = '${ACCOUNT}' and t.number = per_second))
      as lacking
  from moment cross join asked a left join turns using (place, route)`;

/**
 * No token is free before a second has passed: calls made just before the database lost its tokens
 * are not known. Tokens become free one by one, at an even rate.
 */
const MAKE = `
  insert into tokens (name, number, free_at)
  select name, number,
    clock_timestamp() + make_interval(secs => 1 + (number - 1)::double precision / most)
  from (select name, max(most) as most from unnest($1::text[], $2::integer[]) as l (name, most)
    group by name) as limits
  cross join lateral generate_series(1, most) as number
  order by name, number on conflict do nothing`;

/**
 * Only tokens whose lease is still ours: after its end another caller may have them. The time since
 * the call ended is part of the rest.
 */
const GIVE_BACK = `
  update tokens t
  set free_at = clock_timestamp() + make_interval(secs => rest * ${LONGER} - passed)
  from unnest($1::text[], $2::integer[], $3::timestamptz[], $4::double precision[],
    $5::double precision[]) as g (name, number, lease, rest, passed)
  where t.name = g.name and t.number = g.number and t.free_at = g.lease`;

/** The tokens of all limits; callers reserve and release them in batches. */
export function createTokens(pool: pg.Pool) {
  async function reserveMany(asked: Asked[]): Promise<(Reservation | null)[]> {
    const askedAt = performance.now();
    const { rows } = await pool.query<Row>(RESERVE, [
      asked.map(({ route }) => route),
      asked.map(({ perEndpoint }) => tokensFor(perEndpoint)),
      asked.map(({ perSecond }) => tokensFor(perSecond)),
      asked.map(({ place }) => place),
      AHEAD_MS / 1000,
      LEASE_MS / 1000,
    ]);
    // The wait is counted from here, so that it is long enough however long the query took.
    const heardAt = performance.now();
    const byPlace = new Map(rows.map((row) => [row.place, row]));
    await make(asked.filter(({ place }) => byPlace.get(place)?.lacking));
    return asked.map(({ route, place }) => {
      const { number = null, accountNumber = 0, lease = '', waitMs = 0 } = byPlace.get(place) ?? {};
      if (number === null) return null;
      const from = heardAt + waitMs;
      return { route, number, accountNumber, lease, from, before: askedAt + SEND_WITHIN_MS };
    });
  }

  async function make(lacking: Asked[]): Promise<void> {
    if (lacking.length === 0) return;
    const limits = lacking.flatMap(({ route, perEndpoint, perSecond }) => [
      { name: route, most: tokensFor(perEndpoint) },
      { name: ACCOUNT, most: tokensFor(perSecond) },
    ]);
    await pool.query(MAKE, [limits.map(({ name }) => name), limits.map(({ most }) => most)]);
  }

  async function giveBackMany(ended: Ended[]): Promise<undefined[]> {
    const tokens = ended.flatMap(({ reservation: mine, ending, endedAt }) => {
      const same = { lease: mine.lease, rest: REST_S[ending], endedAt };
      return [
        { ...same, name: mine.route, number: mine.number },
        { ...same, name: ACCOUNT, number: mine.accountNumber },
      ];
    });
    const nowMs = performance.now();
    await pool.query(GIVE_BACK, [
      tokens.map(({ name }) => name),
      tokens.map(({ number }) => number),
      tokens.map(({ lease }) => lease),
      tokens.map(({ rest }) => rest),
      tokens.map(({ endedAt }) => (nowMs - endedAt) / 1000),
    ]);
    return ended.map(() => undefined);
  }

  return {
    /** Gives null when no token will be free soon. */
    reserve: createBatch(reserveMany, { items: 500, runs: 1 }),
    release: createBatch(giveBackMany, { items: 500, runs: 1 }),
  };
}

interface Asked extends Wanted {
  /** The order of arrival: any rising number. */
  place: number;
}

interface Ended {
  reservation: Reservation;
  ending: Ending;
  /** When the answer arrived, by `performance.now()`. */
  endedAt: number;
}

interface Row {
  place: number;
  number: number | null;
  accountNumber: number;
  lease: string;
  waitMs: number;
  /** There are fewer tokens than the limits allow: not created yet, or lost. */
  lacking: boolean;
}

/** A limit of less than one call a second is kept as one. */
function tokensFor(perSecond: number): number {
  return Math.max(1, Math.floor(perSecond));
}
