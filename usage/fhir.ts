import type { Reader, Sink } from './finding.ts';

export function createFhirReader(_sink: Sink): Reader {
  return { write() {}, end() {}, records: () => 0 };
}
