/** A FHIR resource, as far as a search looks into it. */
export interface Resource {
  resourceType: string;
  id: string;
  [field: string]: unknown;
}

interface Shelf {
  records: Resource[];
  page?: number;
  withoutIncludes?: boolean;
}

/** The day a search parameter looks at, by kind of resource. */
const DAYS: Record<string, { param: string; day: (one: Resource) => string }> = {
  Claim: { param: 'created', day: (one) => String(one.created) },
  ExplanationOfBenefit: { param: 'created', day: (one) => String(one.created) },
  Encounter: { param: 'date', day: (one) => (one.period as { start: string }).start },
};

/** The answer to a request below /fhir: a page, a resource or what the server can do; or null. */
export function search(shelf: Shelf, url: URL, origin: string): object | null {
  const [type = '', id] = url.pathname.replace(/^\/fhir\//, '').split('/');
  if (type === 'metadata') return capabilities(shelf);
  const all = shelf.records.filter((one) => one.resourceType === type);
  if (id !== undefined) return all.find((one) => one.id === id) ?? null;
  const includes = url.searchParams.getAll('_include');
  if (all.length === 0 || !DAYS[type] || (includes.length > 0 && shelf.withoutIncludes))
    return null;
  const found = all.filter((one) => isWithin(one, url.searchParams));
  const from = Number(url.searchParams.get('from') ?? 0);
  const page = found.slice(from, from + (shelf.page ?? 50));
  const more = from + page.length < found.length;
  const next = new URL(url.pathname + url.search, origin);
  next.searchParams.set('from', String(from + page.length));
  const matches = page.map((resource) => ({ resource, search: { mode: 'match' } }));
  const others = includes.length > 0 ? named(page, shelf.records) : [];
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total: found.length,
    link: [{ relation: 'self', url: url.href }, ...(more ? [{ relation: 'next', url: next }] : [])],
    entry: [...matches, ...others.map((resource) => ({ resource, search: { mode: 'include' } }))],
  };
}

function isWithin(one: Resource, query: URLSearchParams): boolean {
  const { param, day } = DAYS[one.resourceType]!;
  const at = day(one).slice(0, 10);
  return query.getAll(param).every((bound) => {
    const [, prefix, limit = ''] = /^(ge|le)(.*)$/.exec(bound) ?? [];
    return prefix === 'ge' ? at >= limit : at <= limit;
  });
}

/** The people a page refers to. */
function named(page: Resource[], records: Resource[]): Resource[] {
  const text = JSON.stringify(page);
  return records.filter(
    ({ resourceType, id }) =>
      resourceType === 'Practitioner' && text.includes(`"Practitioner/${id}"`),
  );
}

function capabilities({ records, withoutIncludes }: Shelf): object {
  const types = [...new Set(records.map((one) => one.resourceType))];
  const resource = types.map((type) => ({
    type,
    searchParam: DAYS[type] ? [{ name: DAYS[type].param, type: 'date' }] : [],
    ...(withoutIncludes ? {} : { searchInclude: ['*', ...INCLUDES] }),
  }));
  return { resourceType: 'CapabilityStatement', rest: [{ mode: 'server', resource }] };
}

const INCLUDES = [
  'Claim:care-team',
  'Claim:provider',
  'Encounter:participant',
  'ExplanationOfBenefit:care-team',
  'ExplanationOfBenefit:provider',
];
