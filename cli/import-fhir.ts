import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFhirHttp, fhirBase, FhirTrouble, type Pace } from '../gateways/fhir/http.ts';
import { fhirRecords } from '../gateways/fhir/source.ts';
import { createSmartTokens } from '../gateways/fhir/smart-token.ts';
import type { Io } from './io.ts';

/** The command line's options about a FHIR server. */
interface FhirWish {
  address: string;
  year: string | undefined;
  clientId: string | undefined;
}

export interface FhirServerSource {
  /** The name its import gets: the server and the year. */
  fileName: string;
  /** A year's records as NDJSON; `skipped` is called for each type the server does not have. */
  open(skipped: (type: string) => void): Readable;
}

/** The machine's clock and waits: tokens and `Retry-After` are in this machine's time. */
const PACE: Pace = {
  now: () => performance.timeOrigin + performance.now(),
  wait: (ms) => sleep(ms),
};

/** Gives a FHIR server as the source of an import, or what is wrong with the options. */
export function fhirServer(
  input: FhirWish,
  env: Io['env'],
  pace = PACE,
): FhirServerSource | string {
  const { address, year = '' } = input;
  if (!/^20\d\d$/.test(year)) return '--fhir needs the year to read: --year 2026.';
  try {
    const base = fhirBase(address);
    const tokens = tokensFor(base, input.clientId ?? env.LEVY_FHIR_CLIENT_ID, env, pace);
    const open = (skipped: (type: string) => void) => {
      const http = createFhirHttp(base, tokens, pace);
      return Readable.from(fhirRecords(http, Number(year), skipped));
    };
    return { fileName: `fhir-${base.hostname}-${year}.ndjson`, open };
  } catch (error) {
    if (error instanceof FhirTrouble) return error.message;
    throw error;
  }
}

function tokensFor(base: URL, clientId: string | undefined, env: Io['env'], pace: Pace) {
  if (clientId) {
    const key = secret(env, 'LEVY_FHIR_KEY');
    return createSmartTokens(base, { clientId, key, keyId: env.LEVY_FHIR_KEY_ID ?? null }, pace);
  }
  const token = secret(env, 'LEVY_FHIR_TOKEN');
  return { token: () => Promise.resolve(token), expired: () => false };
}

/** From `NAME`, or from the file that `NAME_FILE` names. */
function secret(env: Io['env'], name: string): string {
  const path = env[`${name}_FILE`];
  const value = env[name] ?? (path ? contentOf(path, name) : '');
  if (value.trim() !== '') return value.trim();
  throw new FhirTrouble('no_secret', `Set ${name}, or ${name}_FILE to a file that holds it.`);
}

function contentOf(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new FhirTrouble('no_secret', `${name}_FILE names a file that cannot be read.`);
  }
}
