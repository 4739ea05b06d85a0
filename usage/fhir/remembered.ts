/** Longer keys are not remembered: nothing that repeats in a file is so long. */
const KEY_MAX = 200;

/**
 * The same function with its last answers kept, up to `most` of them: a file names a few systems,
 * roles and people a million times.
 */
export function remembered<Value>(
  compute: (key: string) => Value,
  most = 1000,
): (key: string) => Value {
  const known = new Map<string, Value>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const value = compute(key);
    if (key.length <= KEY_MAX) {
      if (known.size >= most) known.clear();
      known.set(key, value);
    }
    return value;
  };
}
