/**
 * Stripe's v1 wire format: form encoding with brackets, `metadata[fee]=1&expand[0]=customer`.
 * Everything is text until a schema reads it.
 */

/** A decoded form value: text, or a level of named (or numbered) children. */
export type FormValue = string | FormObject;

/** One level of a decoded form. It has no prototype, so `__proto__` is a name like any other. */
export interface FormObject {
  [name: string]: FormValue;
}

/** Decodes a form body or a query string. Malformed percent signs are kept as they came. */
export function decodeForm(text: string): FormObject {
  const root = emptyLevel();
  if (text === '') return root;
  for (const pair of text.split('&')) {
    const cut = pair.indexOf('=');
    const name = unescape(cut < 0 ? pair : pair.slice(0, cut));
    if (name !== '') place(root, pathOf(name), cut < 0 ? '' : unescape(pair.slice(cut + 1)));
  }
  return root;
}

/** Whether a decoded value has children. */
export function isLevel(value: FormValue | undefined): value is FormObject {
  return typeof value === 'object';
}

function emptyLevel(): FormObject {
  return Object.create(null) as FormObject;
}

function unescape(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** `a[b][c]` is the path a, b, c; `a[]` appends to a. */
function pathOf(name: string): string[] {
  const open = name.indexOf('[');
  if (open < 1) return [name];
  const rest = name.slice(open + 1).replace(/\]$/, '');
  return [name.slice(0, open), ...rest.split('][')];
}

function place(root: FormObject, path: string[], value: string): void {
  let level = root;
  for (const [depth, step] of path.entries()) {
    const name = step === '' ? String(Object.keys(level).length) : step;
    if (depth === path.length - 1) {
      level[name] = value;
      return;
    }
    const child = level[name];
    level = isLevel(child) ? child : (level[name] = emptyLevel());
  }
}
