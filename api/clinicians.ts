import { Type, type Static } from 'typebox';
import { asAct, byOf, type By } from './acts.ts';
import type { ApiDeps } from './deps.ts';
import { problem } from './errors.ts';
import { readRoster } from './roster-file.ts';
import { planRoster, type Wanted } from './roster-plan.ts';
import type { RowNote } from './roster-row.ts';
import { checkAtStripe, isNews } from './roster-stripe.ts';
import { writeRoster } from './roster-write.ts';
import {
  Limit,
  LIMIT,
  nextAfter,
  nullable,
  secured,
  Text,
  VendorSlug,
  type Api,
} from './schemas.ts';

const ClinicianShape = Type.Object({
  clinicianId: Type.String(),
  ref: Type.String(),
  name: Type.String(),
  email: nullable(Type.String()),
  npi: nullable(Type.String()),
  vendor: Type.String(),
  timeZone: Type.String(),
  stripeCustomer: nullable(Type.String()),
  paymentMethod: nullable(Type.String()),
});

const Note = Type.Object({
  line: Type.Integer(),
  ref: nullable(Type.String()),
  field: nullable(Type.String()),
  reason: Type.String({ description: 'Stable' }),
  message: Type.String(),
});

const Outcome = Type.Object({
  created: Type.Integer(),
  updated: Type.Integer(),
  unchanged: Type.Integer(),
  refused: Type.Integer({ description: 'Rows that were left out' }),
  rows: Type.Array(Note, { description: 'Why, field by field, in the order of the file' }),
  warnings: Type.Array(Note, { description: 'Rows that were kept and need a look; at most 1000' }),
  ignoredColumns: Type.Array(Type.String()),
  checkedAtStripe: Type.Boolean(),
  enrolled: Type.Integer({ description: 'New fees in assessments opened before' }),
  feesChanged: Type.Integer(),
});

const Options = Type.Object(
  {
    vendor: Type.Optional(VendorSlug),
    check: Type.Optional(Type.Enum(['stripe', 'none'])),
  },
  { additionalProperties: false },
);

/** A roster of this size is some 300,000 people. */
const ROSTER_BYTES = 50 * 1024 * 1024;
/** Up to so many rows Stripe is asked without being told to: a minute at most. */
const CHECKED_ROWS = 500;
const WARNINGS = 1_000;

/** The roster of people. */
export async function clinicianRoutes(app: Api, deps: ApiDeps): Promise<void> {
  app.get(
    '/v1/clinicians',
    secured('read', {
      summary: 'Clinicians by reference, page by page',
      tags: ['clinicians'],
      querystring: Type.Object(
        { after: Type.Optional(Text(100)), limit: Limit },
        { additionalProperties: false },
      ),
      response: {
        200: Type.Object({
          clinicians: Type.Array(ClinicianShape),
          next: nullable(Type.String()),
        }),
      },
    }),
    async ({ query }) => {
      const limit = query.limit ?? LIMIT;
      const clinicians = await deps.ledger.clinicians.list({ ...query, limit });
      return { clinicians, next: nextAfter(clinicians, limit, ({ ref }) => ref) };
    },
  );

  await app.register(async (scope: Api) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    scope.put(
      '/v1/clinicians',
      {
        ...secured('operate', {
          summary: 'Write the roster: CSV, NDJSON or JSON, up to 50 MB',
          description: DESCRIPTION,
          tags: ['clinicians'],
          querystring: Options,
          response: { 200: Outcome },
        }),
        bodyLimit: ROSTER_BYTES,
      },
      async (request) => {
        if (request.headers['content-type']?.startsWith('multipart/'))
          throw problem('unsupported_type', { help: 'Send the file itself: curl -T roster.csv' });
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        return putRoster(deps, byOf(request), body, request.query);
      },
    );
  });
}

const DESCRIPTION =
  'Columns: ref, name, email, npi, vendor, time_zone, stripe_customer, payment_method. A row is ' +
  'known by its ref: the same file again changes nothing, and a column that is missing changes ' +
  'nothing in it. Rows with a mistake are named by line and left out; the others are kept. ' +
  '`vendor` stands in for a column; `check=stripe` looks every customer and card up at Stripe.';

async function putRoster(
  deps: ApiDeps,
  by: By,
  body: Buffer,
  options: Static<typeof Options>,
): Promise<Static<typeof Outcome>> {
  const detail: Record<string, unknown> = {};
  return asAct(deps, by, { action: 'put_clinicians', object: 'roster', detail }, async () => {
    const { rows, ignoredColumns } = readRoster(body);
    const vendors = await deps.ledger.rates.vendors();
    const vendor = options.vendor ?? null;
    if (vendor && !vendors.some((one) => one.vendor === vendor)) throw problem('unknown_vendor');
    const { timeZone } = deps.policy;
    const plan = await planRoster(deps.ledger, rows, { vendors, vendor, timeZone });
    const check = options.check ?? (rows.length <= CHECKED_ROWS ? 'stripe' : 'none');
    // A new customer's card must be known by its id to wake up a fee that waits for one.
    const asked = (row: Wanted) =>
      check === 'stripe' || (row.before !== null && !row.clinician.paymentMethod && isNews(row));
    const checked = await checkAtStripe(deps.payments, plan.wanted.filter(asked));
    const wanted = [...checked.wanted, ...plan.wanted.filter((row) => !asked(row))];
    const written = await writeRoster(deps, by, wanted, vendors);
    const refused = [...plan.refused, ...checked.refused, ...written.refused];
    refused.sort((a, b) => a.line - b.line);
    const { created, updated, enrolled, feesChanged } = written;
    const counts = { created, updated, unchanged: plan.unchanged, refused: linesOf(refused) };
    Object.assign(detail, counts);
    return {
      ...counts,
      rows: refused,
      warnings: warningsAbout(wanted, check === 'stripe'),
      ignoredColumns,
      checkedAtStripe: check === 'stripe',
      enrolled,
      feesChanged,
    };
  });
}

function linesOf(notes: RowNote[]): number {
  return new Set(notes.map(({ line }) => line)).size;
}

/** Rows that can be kept, and still will not do what they are for. */
function warningsAbout(wanted: Wanted[], checked: boolean): RowNote[] {
  const names = new Map<string, number>();
  return wanted
    .flatMap((row) => {
      const { line, card, clinician } = row;
      const { ref, name, email, stripeCustomer } = clinician;
      const note = (field: RowNote['field'], reason: string, message: string) => {
        return { line, ref, field, reason, message };
      };
      const notes: RowNote[] = [];
      const key = name.toLowerCase();
      const other = names.get(key);
      if (other === undefined) names.set(key, line);
      else notes.push(note('name', 'same_name', `The same name as line ${other}: one person?`));
      if (!email) notes.push(note('email', 'no_email', 'Cannot be noticed, so is not charged.'));
      if (!stripeCustomer) notes.push(note('stripeCustomer', 'no_card', 'Cannot be charged.'));
      else if (checked && isNews(row) && !card)
        notes.push(note('paymentMethod', 'no_card', 'The customer has no card at Stripe.'));
      return notes;
    })
    .slice(0, WARNINGS);
}
