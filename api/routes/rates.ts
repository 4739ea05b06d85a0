import { Type, type Static } from 'typebox';
import type { Rate } from '../../ledger/rates.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { putRate } from './put-rate.ts';
import { Cents, secured, Text, VendorSlug, Year, type Api } from '../http/schemas.ts';

const Vendors = Type.Object({
  vendors: Type.Array(
    Type.Object({
      vendor: Type.String(),
      name: Type.String(),
      levies: Type.Boolean(),
      source: Type.String(),
    }),
  ),
});

const Status = Type.Enum(['forecast', 'confirmed'], {
  description: 'A forecast may be shown, and is never charged',
});

const RateShape = Type.Object({
  vendor: Type.String(),
  year: Type.Integer(),
  royaltyCents: Cents,
  processingCents: Cents,
  amountCents: Cents,
  status: Status,
  source: Type.String(),
  enteredBy: Type.String(),
});

const OfYear = Type.Object({ vendor: VendorSlug, year: Year });

/** In cents. No fee of this kind was ever near it: a rate above it is a misplaced decimal point. */
const MOST_CENTS = 100_000;
const Part = Type.Integer({ minimum: 0, maximum: MOST_CENTS });

const NewRate = Type.Object(
  {
    royaltyCents: Part,
    processingCents: Part,
    status: Status,
    source: Text(500, 'Where the amount is known from: a page, a schedule, an invoice'),
  },
  { additionalProperties: false },
);

/** Vendors and what they charge for a year. */
export function rateRoutes(app: Api, deps: ApiDeps): void {
  const { rates } = deps.ledger;

  app.get(
    '/v1/vendors',
    secured('read', { summary: 'Vendors', tags: ['rates'], response: { 200: Vendors } }),
    async () => ({ vendors: await rates.vendors() }),
  );

  app.get(
    '/v1/rates',
    secured('read', {
      summary: 'Rates of every vendor and year',
      tags: ['rates'],
      response: { 200: Type.Object({ rates: Type.Array(RateShape) }) },
    }),
    async () => ({ rates: (await rates.list()).map(shown) }),
  );

  app.get(
    '/v1/rates/:vendor/:year',
    secured('read', {
      summary: 'The rate of a vendor and year',
      tags: ['rates'],
      params: OfYear,
      response: { 200: RateShape },
    }),
    async ({ params }) => {
      const rate = await rates.get(params.vendor, params.year);
      if (!rate) throw problem('not_found', { message: 'There is no rate for this year.' });
      return shown(rate);
    },
  );

  app.put(
    '/v1/rates/:vendor/:year',
    secured('approve', {
      summary: 'Enter or confirm a rate',
      description: 'Assessments already opened keep the rate they froze.',
      tags: ['rates'],
      params: OfYear,
      body: NewRate,
      response: { 200: RateShape },
    }),
    async (request) => {
      const { params, body } = request;
      return shown(await putRate(deps, request, { ...params, ...body }));
    },
  );
}

function shown(rate: Rate): Static<typeof RateShape> {
  return rate;
}
