import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import { Type, type TSchema } from 'typebox';
import type { Scope } from '../../ledger/access.ts';
import { requireScope } from './auth.ts';
import { ErrorBody } from './errors.ts';

/** The server, with routes typed by their schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

export const Uuid = Type.String({ pattern: UUID, description: 'A UUID in small letters' });

const UUID_TEST = new RegExp(UUID);

/** Whether a value is a UUID in small letters, as `Uuid` asks. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID_TEST.test(value);
}

/** No control characters and no half surrogates: neither belongs in a line of text. */
const LINE = '[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]';

/** One line of text. */
export const Text = (maxLength: number, description?: string) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: `^${LINE}*$`,
    ...(description ? { description } : {}),
  });

/** A person's sentence: like `Text`, and not blank. */
export const Why = Type.String({
  maxLength: 500,
  pattern: `^${LINE}*[^\\s\\u0000-\\u001f\\u007f\\ud800-\\udfff]${LINE}*$`,
  description: 'Why, for those who read the story later',
});
export const VendorSlug = Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,63}$' });
export const Year = Type.Integer({ minimum: 2000, maximum: 2200 });
export const Cents = Type.Integer({ description: 'US cents' });
export const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'YYYY-MM-DD' });
export const Moment = Type.String({ description: 'An instant, ISO 8601' });
export const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 }));
export const nullable = <Schema extends TSchema>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);
export const ById = Type.Object({ id: Uuid });

export const LIMIT = 100;

/** What every route's documentation has in common: who may ask, and how it fails. */
interface Documented {
  summary: string;
  description?: string;
  tags: string[];
  response: Record<string | number, unknown>;
}

/** The options of a route for callers with a scope, checked before the body is read. */
export function secured<Schema extends Documented>(scope: Scope, schema: Schema) {
  return {
    onRequest: requireScope(scope),
    schema: {
      ...schema,
      description: [schema.description, `Needs the scope \`${scope}\`.`].filter(Boolean).join(' '),
      security: [{ token: [] }],
      response: { ...schema.response, ...FAILURES } as Schema['response'],
    },
  };
}

export const FAILURES = { '4xx': ErrorBody, '5xx': ErrorBody };

export function iso(at: Date): string;
export function iso(at: Date | null): string | null;
export function iso(at: Date | null): string | null {
  return at ? at.toISOString() : null;
}

/** The cursor of the next page: the last row's key when the page is full, else null. */
export function nextAfter<Row>(rows: Row[], limit: number, key: (row: Row) => string) {
  const last = rows.at(-1);
  return last && rows.length === limit ? key(last) : null;
}
