/** Connections, servers and child processes: what keeps a real levy from ending, too. */
const HANDLES = new Set(['TCPSocketWrap', 'TCPServerWrap', 'PipeWrap', 'ProcessWrap']);

/**
 * Takes note of what is open now. Gives a function that names what has been opened since and is
 * still open, like `1 TCPServerWrap`.
 */
export function watchHandles(): () => string[] {
  const before = openHandles();
  return () =>
    [...openHandles()]
      .map(([kind, count]) => ({ kind, count: count - (before.get(kind) ?? 0) }))
      .filter(({ count }) => count > 0)
      .map(({ kind, count }) => `${count} ${kind}`);
}

function openHandles(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (HANDLES.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
