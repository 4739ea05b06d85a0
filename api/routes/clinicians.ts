import { Readable } from 'node:stream';
import { Type, type Static } from 'typebox';
import type { Vendor } from '../../ledger/rates.ts';
import { audited, byOf, type By } from './actions.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { openRoster } from '../roster/file.ts';
import { prepareRoster, type Prepared } from '../roster/prepare.ts';
import { createNotes, type Notes } from '../roster/validate-row.ts';
import { warningsAbout } from '../roster/warnings.ts';
import { writeRoster } from '../roster/write.ts';
import {
  Limit,
  LIMIT,
  nextAfter,
  nullable,
  secured,
  Text,
  VendorSlug,
  type Api,
} from '../http/schemas.ts';

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

/** Most notes of each kind in an answer, however many rows there are. */
const NOTES = 1_000;

const Outcome = Type.Object({
  created: Type.Integer(),
  updated: Type.Integer(),
  unchanged: Type.Integer(),
  refused: Type.Integer({ description: 'All rows that were left out' }),
  rows: Type.Array(Note, {
    maxItems: NOTES,
    description: 'Why rows were left out, field by field, in the order of the file; the first 1000',
  }),
  warnings: Type.Array(Note, {
    maxItems: NOTES,
    description: 'Rows that were kept and need a look; the first 1000',
  }),
  ignoredColumns: Type.Array(Type.String(), { description: 'The first 100' }),
  checkedAtStripe: Type.Boolean({ description: 'Every new customer and card was looked up' }),
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
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.put(
      '/v1/clinicians',
      {
        ...secured('operate', {
          summary: 'Write the roster: CSV, XLSX, NDJSON or JSON, up to 50 MB and 100,000 rows',
          description: DESCRIPTION,
          tags: ['clinicians'],
          querystring: Options,
          response: { 200: Outcome },
        }),
        config: { upload: true },
      },
      async (request) => {
        if (request.headers['content-type']?.startsWith('multipart/'))
          throw problem('unsupported_type', { help: 'Send the file itself: curl -T roster.csv' });
        if (!(request.body instanceof Readable)) throw problem('empty_body');
        return putRoster(deps, byOf(request), request.body, request.query);
      },
    );
  });
}

const DESCRIPTION =
  'Columns: ref, name, email, npi, vendor, time_zone, stripe_customer, payment_method. A row is ' +
  'known by its ref: the same file again changes nothing, and a column that is missing changes ' +
  'nothing in it. Rows with a mistake are named by line and left out; the others are kept. ' +
  'Reference, NPI, e-mail and Stripe customer are of one person alone: a row that shares one is ' +
  'left out as `duplicate_ref`, `duplicate_npi`, `duplicate_email` or ' +
  '`duplicate_stripeCustomer`. ' +
  '`vendor` stands in for a column. `check=stripe` looks every new customer and card up at ' +
  'Stripe, as is done without it up to 500 rows, and for 50 rows of a larger roster. ' +
  'Where Stripe ' +
  'has another e-mail for a customer, the row is kept with the warning `customer_differs`; where ' +
  'that is so for three rows and for more than half, a column is shifted and everybody would pay ' +
  'for somebody else: the roster is refused as `roster_looks_shifted`, and nothing is written. ' +
  '`check=none` writes it all the same. The audit keeps old and new values of changed rows.';

async function putRoster(
  deps: ApiDeps,
  by: By,
  body: Readable,
  options: Static<typeof Options>,
): Promise<Static<typeof Outcome>> {
  const detail: Record<string, unknown> = {};
  return audited(deps, by, { action: 'put_clinicians', object: 'roster', detail }, async () => {
    const refused = createNotes(NOTES);
    const vendors = await deps.ledger.rates.vendors();
    const prepared = await readRoster(deps, body, { ...options, vendors }, refused);
    const { plan, wanted, checkedAtStripe, ignoredColumns } = prepared;
    const written = await writeRoster(deps, by, wanted, vendors, refused);
    const { created, updated, enrolled, feesChanged } = written;
    const counts = { created, updated, unchanged: plan.unchanged, refused: refused.rows() };
    Object.assign(detail, counts);
    return {
      ...counts,
      rows: refused.first(),
      warnings: await warningsAbout(wanted, checkedAtStripe, NOTES),
      ignoredColumns,
      checkedAtStripe,
      enrolled,
      feesChanged,
    };
  });
}

/** Reads the body to its end. Throws `truncated_upload` when it breaks off. */
async function readRoster(
  deps: ApiDeps,
  body: Readable,
  options: Static<typeof Options> & { vendors: Vendor[] },
  refused: Notes,
): Promise<Prepared & { ignoredColumns: string[] }> {
  const { vendors, check } = options;
  const vendor = options.vendor ?? null;
  const file = openRoster(body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>);
  try {
    if (vendor && !vendors.some((one) => one.vendor === vendor)) throw problem('unknown_vendor');
    const prepared = await prepareRoster(deps, file.rows(), { vendors, vendor, check }, refused);
    return { ...prepared, ignoredColumns: file.ignoredColumns() };
  } catch (error) {
    if (body.readableAborted) throw problem('truncated_upload');
    throw error;
  } finally {
    // Reads the rest of a refused file: a connection that is not read never notices its end.
    body.resume();
  }
}
