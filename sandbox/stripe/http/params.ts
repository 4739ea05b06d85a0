/**
 * What an endpoint accepts, declared once. A shape both checks a decoded form the way Stripe does
 * (unknown, missing, empty and mistyped parameters each get their own error) and gives its type.
 */
import type Stripe from 'stripe';
import { invalidRequest, missingParameter, notSimulated, unknownParameter } from './errors.ts';
import { isLevel } from './form.ts';
import type { FormObject, FormValue } from './form.ts';

/** Reads one value at `path`, or throws the 400 that Stripe would answer. */
export type Read<T> = ((value: FormValue, path: string) => T) & { required?: boolean };

/** A reader whose parameter has to be there. */
export type Required<T> = Read<T> & { required: true };

/** The parameters of an endpoint by name. */
export type Shape = Record<string, Read<unknown>>;

/** The type that a shape reads: required parameters are there, all others may be undefined. */
export type Params<S extends Shape> = {
  [K in keyof S as S[K] extends Required<unknown> ? K : never]: ReturnType<S[K]>;
} & { [K in keyof S as S[K] extends Required<unknown> ? never : K]?: ReturnType<S[K]> };

/** Metadata as sent: '' for a key (or for the whole) means: remove it. */
export type MetadataPatch = Record<string, string> | '';

type Address = Stripe.Address;

/** A moment, or bounds on it, in seconds. */
export type TimeRange = { gt?: number; gte?: number; lt?: number; lte?: number; at?: number };

/** Checks a form against a shape; errors name the parameter with its brackets. */
export function readParams<S extends Shape>(shape: S, form: FormObject, at = ''): Params<S> {
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(form)) {
    const read = Object.hasOwn(shape, name) ? shape[name] : undefined;
    const path = at === '' ? name : `${at}[${name}]`;
    if (!read) throw unknownParameter(path);
    result[name] = read(form[name] as FormValue, path);
  }
  for (const name of Object.keys(shape)) {
    const path = at === '' ? name : `${at}[${name}]`;
    if (shape[name]?.required && result[name] === undefined) throw missingParameter(path);
  }
  return result as Params<S>;
}

/** Marks a parameter as required. */
export function required<T>(read: Read<T>): Required<T> {
  return Object.assign((value: FormValue, path: string) => read(value, path), {
    required: true as const,
  });
}

/** Text up to a length; the empty text is an attempt to unset, which most parameters refuse. */
export function text(max = 5000): Read<string> {
  return (value, path) => {
    const given = scalar(value, path);
    if (given === '') throw emptyString(path);
    if (given.length > max) {
      throw invalidRequest(`${path} is longer than ${max} characters.`, {
        code: 'parameter_invalid_string',
        param: path,
      });
    }
    return given;
  };
}

/** Allows the empty text (which the library sends for null) to unset the parameter. */
export function unsettable<T>(read: Read<T>): Read<T | null> {
  return (value, path) => (value === '' ? null : read(value, path));
}

/** A whole number, in cents, counts or seconds as the parameter says. */
export function integer(least = 0): Read<number> {
  return (value, path) => {
    const given = scalar(value, path);
    if (!/^-?\d{1,15}$/.test(given)) {
      throw invalidRequest(`Invalid integer: ${given}`, {
        code: 'parameter_invalid_integer',
        param: path,
      });
    }
    if (Number(given) < least) {
      throw invalidRequest(`This value must be greater than or equal to ${least}.`, {
        code: 'parameter_invalid_integer',
        param: path,
      });
    }
    return Number(given);
  };
}

/** `true` or `false`. */
export const flag: Read<boolean> = (value, path) => {
  const given = scalar(value, path);
  if (given === 'true' || given === 'false') return given === 'true';
  throw invalidRequest(`Invalid boolean: ${given}`, { param: path });
};

/** One of a closed list of words. */
export function oneOf<const T extends string>(...words: T[]): Read<T> {
  return (value, path) => {
    const given = scalar(value, path);
    if ((words as string[]).includes(given)) return given as T;
    throw invalidRequest(`Invalid ${path}: must be one of ${words.join(', ')}`, { param: path });
  };
}

/** An e-mail address, checked as loosely as Stripe checks one. */
export const email: Read<string> = (value, path) => {
  const given = text(512)(value, path);
  if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(given)) return given;
  throw invalidRequest(`Invalid email address: ${given}`, { code: 'email_invalid', param: path });
};

/** A list, sent as `name[0]=..&name[1]=..`. */
export function listOf<T>(read: Read<T>): Read<T[]> {
  return (value, path) => {
    if (!isLevel(value) || !Object.keys(value).every((key) => /^\d+$/.test(key))) {
      throw invalidRequest('Invalid array', { param: path });
    }
    return Object.keys(value).map((key) => read(value[key] as FormValue, `${path}[${key}]`));
  };
}

/** A hash with its own shape. */
export function hash<S extends Shape>(shape: S): Read<Params<S>> {
  return (value, path) => {
    if (!isLevel(value)) throw invalidRequest('Invalid hash', { param: path });
    return readParams(shape, value, path);
  };
}

/** A parameter that Stripe has and the sandbox does not: refused, rather than taken and ignored. */
export const notHere: Read<never> = (_value, path) => {
  throw notSimulated(`the parameter ${path}`, path);
};

const part = unsettable(text());

/** A postal address: the parts not given are null. */
export const address: Read<Address> = (value, path) => {
  const parts = { city: part, country: part, line1: part, line2: part, postal_code: part };
  const given = hash({ ...parts, state: part })(value, path);
  const none = { city: null, country: null, line1: null, line2: null, postal_code: null };
  return { ...none, state: null, ...given };
};

/** Metadata: names up to 40 characters without brackets, values up to 500. */
export const metadata: Read<MetadataPatch> = (value, path) => {
  if (value === '') return '';
  if (!isLevel(value)) throw invalidRequest('Invalid hash', { param: path });
  for (const [name, content] of Object.entries(value)) {
    if (name.length > 40) {
      throw invalidRequest(`Metadata keys can have up to 40 characters. Invalid key: ${name}`, {
        param: path,
      });
    }
    if (isLevel(content)) {
      throw invalidRequest('Metadata values are text.', { param: `${path}[${name}]` });
    }
    if (content.length > 500) {
      throw invalidRequest(
        `Metadata values can have up to 500 characters; this one has ${content.length}.`,
        { param: `${path}[${name}]` },
      );
    }
  }
  return { ...value } as Record<string, string>;
};

/** `created=123` or `created[gte]=123&created[lt]=456`, in seconds. */
export const timeRange: Read<TimeRange> = (value, path) => {
  if (!isLevel(value)) return { at: integer()(value, path) };
  const bound = integer();
  return readParams({ gt: bound, gte: bound, lt: bound, lte: bound }, value, path);
};

/** What every request may ask for: the objects to put in the place of their ids. */
export const expandable = { expand: listOf(text(200)) };

/** What every list takes. */
export const paging = {
  ...expandable,
  limit: integer(),
  starting_after: text(),
  ending_before: text(),
};

/** The new metadata after a patch: '' removes one key, or all of them. Up to 50 keys. */
export function patchedMetadata(
  before: Record<string, string>,
  patch: MetadataPatch | undefined,
): Record<string, string> {
  if (patch === undefined) return before;
  if (patch === '') return {};
  const after = { ...before, ...patch };
  for (const [name, value] of Object.entries(patch)) if (value === '') delete after[name];
  if (Object.keys(after).length > 50) {
    throw invalidRequest('Metadata can have up to 50 keys.', { param: 'metadata' });
  }
  return after;
}

function scalar(value: FormValue, path: string): string {
  if (typeof value === 'string') return value;
  throw invalidRequest(`Invalid string: ${path} was sent as a hash or a list.`, { param: path });
}

function emptyString(path: string) {
  return invalidRequest(
    `An empty string was passed for '${path}', which cannot be unset. Leave it out or fill it.`,
    { code: 'parameter_invalid_empty', param: path },
  );
}
