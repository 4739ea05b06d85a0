/**
 * Finds a text again and again in a buffer that moves along a stream, and looks at no character
 * twice. Positions are absolute; `base` is that of the buffer's first character.
 */
export function createFinder(sought: string) {
  let found = -1;
  let searchedTo = 0;
  return {
    /** The first place at or after `from`; the end of the buffer where there is none in it yet. */
    next(buffer: string, base: number, from: number): number {
      const end = base + buffer.length;
      if (found >= from) return found;
      const start = Math.max(from, searchedTo - sought.length + 1, base);
      const at = start >= end ? -1 : buffer.indexOf(sought, start - base);
      if (at < 0) {
        searchedTo = end;
        return end;
      }
      found = base + at;
      searchedTo = found + sought.length;
      return found;
    },
  };
}
