/**
 * Stripe's v1 idempotency. Once the work under a key has begun, its status and body are kept,
 * whatever they are (a decline and a 500 too), and given again for the same request. Nothing is
 * kept of a request that was refused before work began. A key is forgotten after 24 hours, and
 * then makes a new request. https://docs.stripe.com/api/idempotent_requests
 */
import { createHash } from 'node:crypto';
import { invalidRequest, keyInUse, keyMismatch } from './errors.ts';
import type { SavedAnswer } from '../resources/objects.ts';
import type { Store } from '../engine/store.ts';

/** The keys in use and remembered. */
export interface Keys {
  /** The answer to give again; or undefined, and then the key is held until `end`. */
  begin(key: string, request: string): SavedAnswer | undefined;
  /** Keeps the answer to the work that was done under the key. */
  save(answer: SavedAnswer): void;
  /** Lets go of the key. */
  end(key: string): void;
}

const DAY_MS = 86_400_000;
const LONGEST_KEY = 255;
/** How many answers are saved between two looks for old ones. */
const PRUNE_EVERY = 500;

/** Keys over the store's saved answers, on the sandbox's clock. */
export function createKeys(store: Store, nowMs: () => number): Keys {
  const held = new Set<string>();
  let saves = 0;

  function prune(): void {
    for (const answer of store.answers.values()) {
      if (nowMs() - answer.at < DAY_MS) return;
      store.answers.remove(answer.id);
    }
  }

  return {
    begin(key, request) {
      if (key.length > LONGEST_KEY) {
        throw invalidRequest(`Idempotency keys can have up to ${LONGEST_KEY} characters.`);
      }
      if (held.has(key)) throw keyInUse(key);
      const earlier = store.answers.get(key);
      if (earlier && nowMs() - earlier.at >= DAY_MS) {
        store.answers.remove(key);
      } else if (earlier) {
        if (earlier.request !== request) throw keyMismatch(key);
        return earlier;
      }
      held.add(key);
      return undefined;
    },
    save(answer) {
      store.answers.put(answer);
      saves += 1;
      if (saves % PRUNE_EVERY === 0) prune();
    },
    end(key) {
      held.delete(key);
    },
  };
}

/** What makes two requests the same: method, path and parameters, in any order. */
export function fingerprint(method: string, path: string, body: string): string {
  const parameters = body.split('&').sort().join('&');
  return createHash('sha1').update(`${method} ${path}\n${parameters}`).digest('base64');
}
