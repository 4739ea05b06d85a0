import { type FhirHttp, FhirTrouble } from './http.ts';

/** Entries asked for on one page; a server may give fewer. */
const PAGE = 200;
/** Most pages of one search, in case a server never ends. */
const PAGES_MAX = 100_000;
/** The statuses of a server that does not know a kind of resource or a parameter. */
const UNKNOWN = [400, 404, 405, 410, 422, 501];

type Fields = Record<string, unknown>;

interface Search {
  type: string;
  /** The parameters that name a day, best first. */
  dates: string[];
  includes: string[];
  /** Years searched: a claim may be filed the year after its service. */
  years: number;
  /** Many servers do not have it. */
  optional: boolean;
}

const SEARCHES: readonly Search[] = [
  {
    type: 'Claim',
    dates: ['created'],
    includes: ['Claim:care-team', 'Claim:provider'],
    years: 2,
    optional: false,
  },
  {
    type: 'Encounter',
    dates: ['date'],
    includes: ['Encounter:participant'],
    years: 1,
    optional: false,
  },
  {
    type: 'ExplanationOfBenefit',
    dates: ['created', 'service-date'],
    includes: ['ExplanationOfBenefit:care-team', 'ExplanationOfBenefit:provider'],
    years: 2,
    optional: true,
  },
];

/** Resources that identify a person; other included resources are dropped. */
const PEOPLE = ['Practitioner', 'PractitionerRole', 'Organization'];

/**
 * The records of a year as NDJSON, page by page as the server gives them, each line one resource.
 * Practitioners come before the records that refer to them: by `_include` where the server does
 * that, else read one by one. `skipped` is called with a kind of record that the server does not
 * have.
 */
export async function* fhirRecords(
  http: FhirHttp,
  year: number,
  skipped: (type: string) => void,
): AsyncGenerator<Buffer> {
  const able = abilitiesIn(await http.read('metadata', [401, 403, ...UNKNOWN]));
  const people = createPeople(http);
  let answered = 0;
  let given = 0;
  for (const search of SEARCHES) {
    const known = able === null || able.has(search.type);
    const pages = known ? searchPages(http, search, year, able?.get(search.type)) : null;
    const first: IteratorResult<Fields[], void> | undefined = await pages?.next();
    if (!pages || !first || first.done) {
      skipped(search.type);
      continue;
    }
    answered++;
    let page: IteratorResult<Fields[], void> = first;
    for (; !page.done; page = await pages.next()) {
      const lines = await linesOf(page.value, search.type, people);
      if (lines) yield lines;
      given += lines?.length ?? 0;
    }
  }
  if (answered === 0)
    throw new FhirTrouble('fhir_no_records', 'The server has neither Claim nor Encounter.');
  if (given === 0)
    throw new FhirTrouble('fhir_no_records', `The server has no records of ${year}.`);
}

async function linesOf(
  page: Fields[],
  type: string,
  people: ReturnType<typeof createPeople>,
): Promise<Buffer | null> {
  const records = page.filter((one) => one.resourceType === type);
  const lines: Fields[] = page.filter((one) => people.isNew(one));
  for (const record of records) lines.push(...(await people.missingIn(record)));
  lines.push(...records);
  if (lines.length === 0) return null;
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** What a server says it can search for each kind of resource; null where it does not say. */
function abilitiesIn(metadata: unknown): Map<string, Ability> | null {
  const rest = list(record(metadata)?.rest).flatMap((one) => list(record(one)?.resource));
  const able = new Map<string, Ability>();
  for (const one of rest) {
    const { type, searchParam, searchInclude } = record(one) ?? {};
    const params = list(searchParam).map((param) => record(param)?.name);
    if (typeof type === 'string') able.set(type, { params, includes: list(searchInclude) });
  }
  return able.size > 0 ? able : null;
}

interface Ability {
  params: unknown[];
  includes: unknown[];
}

/** The pages of a search; none where the server does not know this kind of resource. */
async function* searchPages(
  http: FhirHttp,
  search: Search,
  year: number,
  ability: Ability | undefined,
): AsyncGenerator<Fields[], void> {
  const absent = search.optional ? [401, 403, ...UNKNOWN] : UNKNOWN;
  const seen = new Set<string>();
  let next: string | null = addressOf(search, year, ability);
  let read = await http.read(next, absent);
  // A server that refuses unknown parameters may still answer a search without them.
  if (!read) read = await http.read((next = addressOf(search, year, NO_INCLUDES)), absent);
  while (read) {
    const bundle = bundleOf(read);
    yield list(bundle.entry)
      .map((entry) => record(record(entry)?.resource))
      .filter((one) => one !== null);
    seen.add(next);
    next = nextOf(bundle);
    if (next === null) return;
    if (seen.has(next) || seen.size > PAGES_MAX)
      throw new FhirTrouble('fhir_endless', 'The server leads back to a page it gave before.');
    read = await http.read(next, []);
  }
}

const NO_INCLUDES: Ability = { params: [], includes: ['none'] };

function addressOf(search: Search, year: number, ability: Ability | undefined): string {
  const { type, dates, includes, years } = search;
  const date = dates.find((name) => ability?.params.includes(name)) ?? dates[0]!;
  const offered = ability?.includes ?? [];
  const all = offered.length === 0 || offered.includes('*');
  const asked = includes.filter((one) => all || offered.includes(one));
  const query = new URLSearchParams([
    [date, `ge${year}-01-01`],
    [date, `le${year + years - 1}-12-31`],
    ...asked.map((one): [string, string] => ['_include', one]),
    ['_count', String(PAGE)],
  ]);
  return `${type}?${query.toString()}`;
}

function bundleOf(value: unknown): Fields {
  const bundle = record(value);
  if (bundle?.resourceType === 'Bundle') return bundle;
  throw new FhirTrouble('fhir_no_bundle', 'The server answers a search with no Bundle.');
}

function nextOf(bundle: Fields): string | null {
  for (const one of list(bundle.link)) {
    const link = record(one);
    if (link?.relation === 'next' && typeof link.url === 'string') return link.url;
  }
  return null;
}

/** Remembers which practitioners were given already, and reads the others. */
function createPeople(http: FhirHttp) {
  const known = new Set<string>();

  /** Whether this practitioner was not given yet. */
  function isNew(resource: Fields): boolean {
    const { resourceType: type, id } = resource;
    if (typeof type !== 'string' || typeof id !== 'string' || !PEOPLE.includes(type)) return false;
    const fresh = !known.has(`${type}/${id}`);
    known.add(`${type}/${id}`);
    return fresh;
  }

  /** The practitioners a record refers to that the server did not include. */
  async function missingIn(resource: Fields): Promise<Fields[]> {
    const found: Fields[] = [];
    const asked = referencesIn(resource, http.base.href);
    for (let key = asked.pop(); key !== undefined; key = asked.pop()) {
      if (known.has(key)) continue;
      known.add(key);
      // A practitioner who is deleted or hidden: a person must match the record.
      const person = record(await http.read(key, [401, 403, ...UNKNOWN]));
      if (!person) continue;
      found.push(person);
      asked.push(...referencesIn(person, http.base.href));
    }
    return found;
  }

  return { isNew, missingIn };
}

/** `Practitioner/a` and `PractitionerRole/b` of this server, wherever a record names one. */
function referencesIn(value: unknown, base: string, depth = 0): string[] {
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return [];
  const { reference } = value as { reference?: unknown };
  const below = Object.values(value).flatMap((one) => referencesIn(one, base, depth + 1));
  if (typeof reference !== 'string') return below;
  // The same id on another server is another practitioner.
  const own = reference.startsWith(base) ? reference.slice(base.length) : reference;
  const key = REFERENCE.exec(own)?.[1];
  return key === undefined ? below : [key, ...below];
}

const DEPTH_MAX = 12;
const REFERENCE = /^(Practitioner(?:Role)?\/[A-Za-z0-9.-]{1,64})(?:\/_history\/|$)/;

function record(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : null;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
