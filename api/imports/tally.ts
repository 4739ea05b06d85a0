import type { FirstUse, ImportProblem, UnmatchedUse } from '../../ledger/evidence.ts';
import type { Finding, Problem } from '../../usage/finding.ts';
import { personKey, type Match, type PersonKey } from '../../usage/clinician-match.ts';

/** The result of a file: evidence, and what a person must look at; nothing else of it is kept. */
export interface Tally {
  add(item: Finding | Problem): void;
  findings(): number;
  matched(): number;
  uses(): FirstUse[];
  /** The first uses of people who are listed as not matched. */
  unmatched(): UnmatchedUse[];
  problems(): ImportProblem[];
}

/** Reasons for which no clinician was found for a use. */
export const NOBODY: ReadonlySet<string> = new Set(['unmatched', 'organisation', 'nobody_named']);

/** Different problems listed per file; further ones are counted by reason. */
const LISTED = 10_000;
/** People remembered between records; exports name the same few over and over. */
const REMEMBERED = 20_000;

/**
 * Adds up findings as they come, in memory that does not grow with the file: of each clinician,
 * year, kind of record and certainty only the first use is kept.
 *
 * @param period  the import's own period, for records without a date; within one year, or null
 */
export function createTally(
  matchOf: (who: Finding['clinician']) => Match,
  period: { to: string } | null,
): Tally {
  const uses = new Map<string, FirstUse>();
  const unmatched = new Map<string, UnmatchedUse>();
  const problems = createProblems();
  const match = remembering(matchOf);
  let findings = 0;
  let matched = 0;

  function add(item: Finding | Problem): void {
    if (item.type === 'problem') {
      const { line, field, reason, message } = item;
      problems.add({ line, field, reason, message, ...NO_ONE });
      return;
    }
    findings += 1;
    const who = match(item.clinician);
    // Undated: the end of the period, as the use was not later than that; any dated one is better.
    const date = item.date ?? period?.to ?? null;
    const year = Number(date?.slice(0, 4));
    const use = date && year >= 2000 && year <= 2200 ? useOf(item, date, year) : null;
    if (!('clinicianId' in who)) {
      const problem = unattributed(item, who);
      const isListed = problems.add(problem);
      const { person, reason } = problem;
      // A company is nobody, so no use of it can become somebody's.
      if (!isListed || !person || reason === 'organisation') return;
      if (use) keepUnmatched(person, use);
      else problems.add(undated(item));
      return;
    }
    if (!use) {
      problems.add(undated(item));
      return;
    }
    matched += 1;
    const { clinicianId } = who;
    keepFirst({ clinicianId, ...use });
  }

  function keepFirst(use: FirstUse): void {
    const key = `${use.clinicianId} ${use.year} ${use.kind} ${use.certainty}`;
    const known = uses.get(key);
    if (!known || use.firstUsedOn < known.firstUsedOn) uses.set(key, use);
  }

  function keepUnmatched(person: PersonKey, use: Use): void {
    const key = `${person.npi} ${use.year} ${use.kind} ${use.certainty} ${person.name}`;
    const known = unmatched.get(key);
    const times = (known?.times ?? 0) + 1;
    const first = known && known.firstUsedOn <= use.firstUsedOn ? known : { person, ...use };
    unmatched.set(key, { ...first, times });
  }

  return {
    add,
    findings: () => findings,
    matched: () => matched,
    uses: () => [...uses.values()],
    unmatched: () => [...unmatched.values()],
    problems: problems.all,
  };
}

type Use = Omit<FirstUse, 'clinicianId'>;

function useOf(item: Finding, date: string, year: number): Use {
  const rule = item.date ? item.rule : `${item.rule} period`;
  return {
    year,
    kind: item.kind,
    firstUsedOn: date,
    line: item.where.line,
    rule: rule.slice(0, 100),
    certainty: item.certainty,
  };
}

const NO_ONE = { clinicianNpi: null, clinicianName: null };

function unattributed(item: Finding, who: Exclude<Match, { clinicianId: string }>) {
  const { npi, name, id, organisation } = item.clinician;
  const named = npi ?? name ?? id;
  const contradicted = 'contradicted' in who;
  const reason = contradicted
    ? 'contradicted'
    : 'ambiguous' in who
      ? 'ambiguous'
      : organisation
        ? 'organisation'
        : named
          ? 'unmatched'
          : 'nobody_named';
  return {
    line: item.where.line,
    field: 'clinician',
    reason,
    message: MESSAGES[reason],
    clinicianNpi: shown(npi, 20),
    clinicianName: shown(name ?? id, 200),
    // Where a roster contradicts what was said of a name, the roster is to be mended first.
    person: contradicted ? null : personKey(item.clinician),
  };
}

const MESSAGES = {
  contradicted:
    'This name was matched to somebody before, and an NPI says otherwise now: correct the ' +
    'roster, or forget the name, and import again.',
  ambiguous: 'More than one person on the roster may be meant: add the NPI to the roster.',
  organisation: 'Only a company or a group is named: find out who rendered the service.',
  unmatched: 'Nobody on the roster is meant: add the person, or their NPI, and import again.',
  nobody_named: 'Nobody is named: the export needs a column for the clinician.',
};

function undated(item: Finding) {
  return {
    line: item.where.line,
    field: 'date',
    reason: item.date ? 'bad_date' : 'no_date',
    message: item.date
      ? 'The service date is of no year a fee is levied for.'
      : 'There is no service date: import again with the period, from and to in one year.',
    clinicianNpi: shown(item.clinician.npi, 20),
    clinicianName: shown(item.clinician.name ?? item.clinician.id, 200),
  };
}

/** Text of a record, safe to store: one line, without characters that Postgres refuses. */
function shown(text: string | null, length: number): string | null {
  if (text === null) return null;
  const plain = text
    .slice(0, length)
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  return plain === '' ? null : plain;
}

/** The same problem of the same person is listed once, with how often it was met. */
function createProblems() {
  const listed = new Map<string, ImportProblem>();
  const beyond = new Map<string, ImportProblem>();

  /** Whether the problem is listed by itself. */
  function add(problem: Omit<ImportProblem, 'times'>): boolean {
    const { line, reason, field, clinicianNpi, clinicianName } = problem;
    // Without a person the problem is about the row itself, and every row must be listed.
    const about = clinicianNpi || clinicianName ? '' : line;
    const key = JSON.stringify([reason, field, clinicianNpi, clinicianName, about]);
    const known = listed.get(key);
    if (known) known.times += 1;
    else if (listed.size < LISTED) listed.set(key, { ...problem, times: 1 });
    else {
      further(problem);
      return false;
    }
    return true;
  }

  function further({ line, reason }: Omit<ImportProblem, 'times'>): void {
    const known = beyond.get(reason);
    if (known) known.times += 1;
    else {
      const message = 'More of these, from this line on; the list ends here.';
      beyond.set(reason, { line, reason, field: null, message, ...NO_ONE, times: 1 });
    }
  }

  return { add, all: (): ImportProblem[] => [...listed.values(), ...beyond.values()] };
}

function remembering(
  match: (who: Finding['clinician']) => Match,
): (who: Finding['clinician']) => Match {
  const known = new Map<string, Match>();
  return (who) => {
    const key = `${who.npi}\n${who.id}\n${who.organisation ?? ''}\n${who.name}`;
    const before = known.get(key);
    if (before) return before;
    if (known.size >= REMEMBERED) known.clear();
    const found = match(who);
    known.set(key, found);
    return found;
  };
}
