import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import type { ApiDeps } from '../../deps.ts';
import { Problem } from '../../http/errors.ts';
import { Text, VendorSlug } from '../../http/schemas.ts';
import { centsOf } from '../../invoices/cents.ts';
import { addVendor, putRate } from '../../routes/put-rate.ts';
import { doneSentence } from '../done.ts';
import { viewerOf } from '../form-token.ts';
import { guarded } from '../guarded.ts';
import { sendPage } from '../page.ts';
import { ratesBody, type TypedRate } from './rates.ts';

/** In cents. No fee of this kind was ever near it: a rate above it is a misplaced decimal point. */
const MOST_CENTS = 100_000;

/** The page of EHRs and their rates, and its two forms. */
export function ratePages(app: FastifyInstance, deps: ApiDeps): void {
  const Done = Type.Object({ done: Type.Optional(Type.String({ maxLength: 40 })) });
  app.get<{ Querystring: Static<typeof Done> }>(
    '/rates',
    { schema: { querystring: Done, hide: true } },
    async (request, reply) => send(request, reply, deps, { typed: {}, refusal: null }),
  );

  const Rate = Type.Object({
    vendor: VendorSlug,
    year: Type.String({ maxLength: 10 }),
    royalty: Type.String({ maxLength: 20 }),
    processing: Type.String({ maxLength: 20 }),
    status: Type.Union([Type.Literal('forecast'), Type.Literal('confirmed')]),
    source: Text(500),
  });
  app.post<{ Body: Static<typeof Rate> }>(
    '/rates',
    guarded(deps, 'approve', { body: Rate }),
    async (request, reply) => {
      const { body } = request;
      const read = amountsOf(body);
      if ('refusal' in read)
        return send(request, reply.code(422), deps, { typed: body, refusal: read.refusal });
      const { vendor, status } = body;
      try {
        await putRate(deps, request, { ...read, vendor, status, source: body.source.trim() });
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== 'invalid_request') throw error;
        return send(request, reply.code(422), deps, { typed: body, refusal: error.message });
      }
      return reply.redirect('/console/rates?done=rate_saved', 303);
    },
  );

  const NewVendor = Type.Object({
    name: Text(60),
    levies: Type.Union([Type.Literal('yes'), Type.Literal('no')]),
    source: Text(500),
  });
  app.post<{ Body: Static<typeof NewVendor> }>(
    '/rates/vendors',
    guarded(deps, 'approve', { body: NewVendor }),
    async (request, reply) => {
      const name = request.body.name.trim();
      const vendor = slugOf(name);
      const refuse = (refusal: string) =>
        send(request, reply.code(422), deps, { typed: {}, refusal });
      if (vendor === '') return refuse('The name needs a letter from a to z or a digit.');
      const { levies, source } = request.body;
      try {
        await addVendor(deps, request, { vendor, name, levies: levies === 'yes', source });
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== 'vendor_taken') throw error;
        return refuse(error.message);
      }
      return reply.redirect('/console/rates?done=vendor_added', 303);
    },
  );
}

/** Year and amounts, or the sentence about the first that cannot be read. */
function amountsOf({ year, royalty, processing }: TypedRate) {
  if (!/^2[01]\d\d$/.test(year?.trim() ?? '')) return { refusal: 'The year is like 2026.' };
  const cents = { royaltyCents: royalty, processingCents: processing };
  const read = { year: Number(year), royaltyCents: 0, processingCents: 0 };
  for (const name of ['royaltyCents', 'processingCents'] as const) {
    const amount = /^\s*\$?\d{1,4}(\.\d{2})?\s*$/.test(cents[name] ?? '')
      ? centsOf(cents[name] ?? '')
      : null;
    if (typeof amount !== 'number' || amount > MOST_CENTS)
      return { refusal: `“${cents[name] ?? ''}” is not an amount in dollars such as 18.50.` };
    read[name] = amount;
  }
  return read;
}

/** The id of an EHR by its name: "My EHR 2" gives my-ehr-2. */
function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60);
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: ApiDeps,
  shown: { typed: TypedRate; refusal: string | null },
): Promise<FastifyReply> {
  const { rates, fees } = deps.ledger;
  const [vendors, all, now] = await Promise.all([rates.vendors(), rates.list(), fees.now()]);
  const sorted = all.sort((a, b) => b.year - a.year || (a.vendor < b.vendor ? -1 : 1));
  const { done } = request.query as { done?: string };
  return sendPage(request, reply, deps, {
    title: 'Rates',
    section: 'rates',
    done: doneSentence(done),
    body: ratesBody(
      { ...shown, vendors, rates: sorted, year: now.getUTCFullYear() },
      viewerOf(request, deps),
    ),
  });
}
