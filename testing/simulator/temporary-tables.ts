/**
 * The temporary tables of one connection. Who makes one that a former user of the connection has
 * made before gets that one, emptied: to make five new ones for each check of the books is mostly
 * work for the file system, and a good part of a seed.
 */
export interface TemporaryTables {
  /** What to say instead of this statement. */
  instead(text: string): string;
  /** This statement has been carried out. */
  heard(text: string): void;
  /** Knows of none from now on. False when there were none. */
  forget(): boolean;
}

const MAKES = /^\s*create (?:temporary table (\w+)|index on books_)/;

export function createTemporaryTables(): TemporaryTables {
  const made = new Set<string>();
  return {
    instead(text) {
      if (!made.has(text)) return text;
      const [, table] = MAKES.exec(text) ?? [];
      return table ? `delete from ${table}` : 'select';
    },
    heard(text) {
      if (MAKES.test(text)) made.add(text);
    },
    forget() {
      const had = made.size > 0;
      made.clear();
      return had;
    },
  };
}
