/**
 * The facts of an error that may be logged: type, codes and frames. Never its message: a message
 * may quote personal values.
 */
export function errorFacts(error: unknown): Record<string, unknown> {
  const { name, code, why, constraint, table, stack, cause } = Object(error) as Record<
    string,
    unknown
  >;
  const frames = typeof stack === 'string' ? stack.split('\n').filter(isFrame).slice(0, 12) : [];
  return {
    type: name,
    code: code ?? why,
    constraint,
    table,
    frames,
    ...(cause instanceof Error ? { cause: errorFacts(cause) } : {}),
  };
}

const isFrame = (line: string): boolean => /^\s+at /.test(line);
