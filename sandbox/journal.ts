/**
 * An append-only file of changes, one JSON line per request, written before the answer leaves.
 * A process killed at any moment loses at most the line it was writing, whose request was
 * therefore never answered; the torn end is cut off when the file is opened again.
 */
import fs from 'node:fs';
import path from 'node:path';

/** One change: the table, the id, and the record's new value (null: removed). */
export type Change = [table: string, id: string, value: object | null];

/** An open journal. */
export interface Journal {
  /** Writes changes as one line: they are found again together, or not at all. */
  append(changes: Change[]): void;
  close(): void;
}

/**
 * Opens (or makes) the journal at `file`, gives every change in it to `restore` in order, and
 * leaves it ready for more. `snapshot` gives the whole present state: when the file holds far more
 * changes than that, it is rewritten to just that state.
 */
export function openJournal(
  file: string,
  restore: (change: Change) => void,
  snapshot: () => Change[],
): Journal {
  fs.mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  const changes = replay(file, restore);
  const state = snapshot();
  if (changes > 2 * state.length + 1000) rewrite(file, state);
  const descriptor = fs.openSync(file, 'a');
  return {
    append(batch) {
      fs.writeSync(descriptor, `${JSON.stringify(batch)}\n`);
    },
    close() {
      fs.closeSync(descriptor);
    },
  };
}

const BLOCK_BYTES = 1 << 20;
const NEWLINE = 0x0a;

/** Reads every whole line, cuts off a torn last one, and gives the number of changes. */
function replay(file: string, restore: (change: Change) => void): number {
  const descriptor = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
  let changes = 0;
  let whole = 0;
  let rest: Buffer = Buffer.alloc(0);
  for (;;) {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    const read = fs.readSync(descriptor, block, 0, BLOCK_BYTES, null);
    if (read === 0) break;
    rest = Buffer.concat([rest, block.subarray(0, read)]);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      for (const change of JSON.parse(rest.toString('utf8', 0, end)) as Change[]) {
        restore(change);
        changes += 1;
      }
      whole += end + 1;
      rest = rest.subarray(end + 1);
    }
  }
  if (rest.length > 0) fs.ftruncateSync(descriptor, whole);
  fs.closeSync(descriptor);
  return changes;
}

/** Replaces the file in one step: a kill in the middle leaves the old file as it was. */
function rewrite(file: string, state: Change[]): void {
  const fresh = `${file}.new`;
  const descriptor = fs.openSync(fresh, 'w', 0o600);
  for (const change of state) fs.writeSync(descriptor, `${JSON.stringify([change])}\n`);
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
  fs.renameSync(fresh, file);
}
