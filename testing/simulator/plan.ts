import { POLICY } from '../../config/policy.ts';
import type { EntryKind, RecordKind } from '../../core/fee/fee.ts';
import type { Policy } from '../../core/policy.ts';
import { swarm, type Fault, type Rates } from './faults.ts';
import { createRandom, type Random } from './random.ts';
import { EVENT_KINDS, type EventKind, type Kind } from './event-kinds.ts';

/** Everything a seed decides beforehand: the practice, its year, and which faults it meets. */
export interface Plan {
  seed: number;
  policy: Policy;
  autoApprove: boolean;
  /** Worker processes. */
  workers: number;
  /** When the assessment is opened, in ms of virtual time. */
  openAt: number;
  /** When everything heals. */
  healAt: number;
  people: PersonPlan[];
  scheduledEvents: ScheduledEvent[];
  rates: Rates;
}

export interface PersonPlan {
  /** The person's place in the uncut plan, by which events name them. */
  index: number;
  ref: string;
  vendor: string;
  hasEmail: boolean;
  hasCustomer: boolean;
  hasCard: boolean;
  /** The bank of their card never has the money for it, and they have no other. */
  isPoor: boolean;
  /** Pays by the same customer as that person, as couples and small practices do. */
  sharesWith: number | null;
  /** When the person joins the roster; null: before the assessment. */
  joinsAt: number | null;
  uses: Use[];
}

/** A record of a code's use, and when it is imported. */
export interface Use {
  at: number;
  firstUsedOn: string;
  kind: RecordKind;
  certainty: 'sure' | 'weak';
}

/** An event of the practice's year, at a moment or soon after a person's fee got there. */
export interface ScheduledEvent {
  index: number;
  kind: EventKind;
  /** Whose, by `index`; null when it is nobody's in particular. */
  person: number | null;
  at: number | null;
  /** Instead of a moment: after the first entry of this kind of the person's fee. */
  on: EntryKind | null;
  after: number;
}

/** What of a seed's plan is left out, to find the smallest that still fails. */
export interface Cut {
  people?: number[];
  scheduledEvents?: number[];
  faults?: Fault[];
  /** Days after the opening at which everything heals. */
  days?: number;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const YEAR = 2026;
export const YEAR_START = Date.UTC(YEAR, 0, 1);
const YEAR_END = Date.UTC(YEAR + 1, 0, 1);

/** The plan of a seed, with what is to be left out left out. */
export function planOf(seed: number, cut: Cut = {}): Plan {
  const random = createRandom(`levy ${seed}`);
  const openAt = YEAR_START + random.between(4 * 24, 19 * 24) * HOUR_MS + random.int(HOUR_MS);
  const everybody = people(random.fork('people'), openAt);
  const rates = swarm(random.fork('swarm'));
  const passOn = random.fork('pass on').chance(INVOICED) ? 'invoice' : 'evidence';
  const usual = scheduleEvents(random.fork('happenings'), openAt, everybody.length, rates);
  const rest = eventsApart(random, openAt, everybody.length, passOn);
  const all = [...usual, ...rest].map((one, index): ScheduledEvent => ({ ...one, index }));
  // Only of more fees than one wave has can a wave of an act on many go wrong.
  if (rest.some(({ kind }) => kind === 'bulk_act') && random.fork('large').chance(LARGE))
    everybody.push(...poorPeople(random.fork('poor people'), openAt, everybody.length));
  const kept = all.filter(({ kind }) => {
    const { fault } = EVENT_KINDS[kind];
    return !fault || !cut.faults || cut.faults.includes(fault);
  });
  return {
    seed,
    policy: { ...policy(random.fork('policy')), passOn },
    autoApprove: random.chance(0.4),
    workers: random.between(1, 3),
    openAt,
    healAt: cut.days ? Math.min(openAt + cut.days * DAY_MS, YEAR_END) : YEAR_END,
    people: everybody.filter((_, index) => !cut.people || cut.people.includes(index)),
    scheduledEvents: kept.filter(
      ({ index }) => !cut.scheduledEvents || cut.scheduledEvents.includes(index),
    ),
    rates: cut.faults
      ? Object.fromEntries(
          Object.entries(rates).filter(([name]) => cut.faults?.includes(name as Fault)),
        )
      : rates,
  };
}

/** Share of the years in which only what the vendor has invoiced is passed on. */
const INVOICED = 0.15;
/** Share of the years with acts on many fees in which the practice is a larger one. */
const LARGE = 0.3;

function policy(random: Random): Policy {
  return {
    ...POLICY,
    timeZone: random.pick([
      POLICY.timeZone,
      POLICY.timeZone,
      'America/Los_Angeles',
      'Europe/Berlin',
    ]),
    noticeDays: random.pick([7, 14, 14, 21, 30]),
    chargeHour: random.pick([0, 8, 10, 10, 23]),
    canaryFees: random.pick([0, 0, 0, 0, 0, 2, POLICY.canaryFees]),
    unknownMax: random.pick([1, POLICY.unknownMax]),
    declineSample: random.pick([4, POLICY.declineSample]),
  };
}

function people(random: Random, openAt: number): PersonPlan[] {
  return Array.from({ length: random.between(3, 8) }, (_, index) => {
    const joinsAt = random.chance(0.15) ? during(random, openAt) : null;
    const hasCustomer = random.chance(0.95);
    const shares = hasCustomer && index > 0 && random.chance(0.1);
    return {
      index,
      ref: `P${index}`,
      vendor: random.weighted({ theranest: 78, therapynotes: 10, simplepractice: 12 }),
      hasEmail: random.chance(0.95),
      hasCustomer,
      hasCard: random.chance(0.93),
      isPoor: false,
      sharesWith: shares ? random.int(index) : null,
      joinsAt,
      uses: uses(random, openAt, joinsAt),
    };
  });
}

/** More people who have used a code, none of whose cards has the money. */
function poorPeople(random: Random, openAt: number, count: number): PersonPlan[] {
  return Array.from({ length: random.between(5, 7) }, (_, nth) => {
    const at = openAt - random.between(1, 90) * HOUR_MS;
    const firstUsedOn = new Date(YEAR_START).toISOString().slice(0, 10);
    return {
      ...{ index: count + nth, ref: `P${count + nth}`, vendor: 'theranest' },
      ...{ hasEmail: true, hasCustomer: true, hasCard: true, isPoor: true },
      ...{ sharesWith: null, joinsAt: null },
      uses: [{ at, firstUsedOn, kind: 'billing', certainty: 'sure' }],
    };
  });
}

function uses(random: Random, openAt: number, joinsAt: number | null): Use[] {
  if (random.chance(0.15)) return [];
  return Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () => {
    const early = random.chance(0.7);
    const at = early ? openAt - random.between(1, 90) * HOUR_MS : during(random, openAt);
    const imported = Math.max(at, (joinsAt ?? 0) + HOUR_MS);
    const day = Math.max(YEAR_START, imported - random.between(1, 30) * DAY_MS);
    return {
      at: imported,
      firstUsedOn: new Date(day).toISOString().slice(0, 10),
      kind: random.pick(['billing', 'progress_note', 'diagnosis', 'vendor_invoice'] as const),
      certainty: random.chance(0.85) ? 'sure' : 'weak',
    };
  });
}

function scheduleEvents(random: Random, openAt: number, count: number, rates: Rates): Unnumbered[] {
  const found: Unnumbered[] = [];
  for (let at = openAt + random.between(5, 100) * HOUR_MS; at < YEAR_END;) {
    found.push({ kind: 'approve', person: null, at, on: null, after: 0 });
    at += random.between(20, 90) * DAY_MS;
  }
  for (const [kind, { fault, often, personal, share }] of KINDS) {
    if (share !== undefined) continue;
    // Drawn for faults that are off as well, so that switching one off leaves the rest as it was.
    const times = random.chance(often % 1) ? Math.ceil(often) : Math.floor(often);
    for (let n = 0; n < (personal ? times * Math.ceil(count / 3) : times); n += 1) {
      const one = drawEvent(random, kind, personal ? random.int(count) : null, openAt);
      if (!fault || rates[fault] !== undefined) found.push(one);
    }
  }
  return found;
}

/** The kinds that only some seeds have, each drawn by chance of its own. */
function eventsApart(
  root: Random,
  openAt: number,
  count: number,
  passOn: Policy['passOn'],
): Unnumbered[] {
  return KINDS.flatMap(([kind, { share, often, personal }]) => {
    if (share === undefined) return [];
    const random = root.fork(kind);
    const isNeeded = kind === 'invoice' && passOn === 'invoice';
    if (!random.chance(share) && !isNeeded) return [];
    const times = Math.max(1, Math.round(2 * often * random.next()));
    return Array.from({ length: personal ? times * Math.ceil(count / 3) : times }, () =>
      drawEvent(random, kind, personal ? random.int(count) : null, openAt),
    );
  });
}

type Unnumbered = Omit<ScheduledEvent, 'index'>;

const KINDS = Object.entries(EVENT_KINDS) as [EventKind, Kind][];

const TURNS: EntryKind[] = [
  'noticed',
  'attempted',
  'attempted',
  'attempted',
  'declined',
  'intent_opened',
  'paid',
];

function drawEvent(
  random: Random,
  kind: EventKind,
  person: number | null,
  openAt: number,
): Unnumbered {
  const at = during(random, openAt);
  const on = random.pick(TURNS);
  const after = random.pick([0, 0, 300, 5_000, 600_000, 6 * HOUR_MS, 3 * DAY_MS, 20 * DAY_MS]);
  const isTurn = person !== null && random.chance(0.65);
  const drawn = { kind, person, after: random.int(after + 1) };
  if (isTurn) return { ...drawn, at: null, on };
  return { ...drawn, at: (EARLY[kind] ?? ((late) => late))(at, openAt), on: null };
}

/** What belongs to the beginning of the year, half of it or all. */
const EARLY: Partial<Record<EventKind, (at: number, openAt: number) => number>> = {
  charged_elsewhere: (_, openAt) => openAt - DAY_MS,
  second_installation: (at, openAt) => (at % 2 === 0 ? at : openAt + (at % (3 * DAY_MS)) - HOUR_MS),
  shifted_column: (at, openAt) => (at % 2 === 0 ? at : openAt + (at % (20 * DAY_MS))),
};

/** Some moment between the opening and the middle of December, early ones more often. */
function during(random: Random, openAt: number): number {
  const span = Date.UTC(YEAR, 11, 15) - openAt;
  return openAt + Math.floor(span * random.next() * (random.chance(0.5) ? 0.2 : 1));
}
