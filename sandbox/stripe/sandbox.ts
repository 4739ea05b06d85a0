/**
 * The sandbox Stripe without a server: its state, its rules and its answers to calls. The server
 * puts sockets and timers around it, a simulation its own time, chance and faults.
 */
import { createApi } from './http/api.ts';
import type { ApiParts } from './http/api.ts';
import { createKeys } from './http/idempotency.ts';
import { createLimiter } from './http/limits.ts';
import type { Limits } from './http/limits.ts';
import { createWorld } from './engine/world.ts';
import type { World, WorldParts } from './engine/world.ts';
import { settleCharge } from './resources/charges.ts';
import { expireSession } from './resources/checkout.ts';
import { openDispute } from './resources/disputes.ts';
import { finishProcessing } from './engine/network.ts';
import type { Task } from './resources/objects.ts';
import { endDoomedRefund, finishRefund } from './resources/refunds.ts';

/** What a sandbox is made of. */
export interface SandboxParts
  extends WorldParts, Pick<ApiParts, 'faults' | 'report' | 'carriedOut'> {
  /** No limits unless given. */
  limits?: Limits | undefined;
  /** Milliseconds that every call takes at least; none unless given. */
  latencyMs?: number | undefined;
}

/** A sandbox that is called within the process. */
export interface Sandbox {
  world: World;
  /** Answers a call of Stripe's API. It never rejects. */
  api: ReturnType<typeof createApi>;
  /** Carries out a task whose time has come, except the delivery of an event. */
  run(task: Task): void;
}

/** Puts a sandbox together. */
export function createSandbox(parts: SandboxParts): Sandbox {
  const { store, faults, report, carriedOut, limits, latencyMs = 0 } = parts;
  const world = createWorld(parts);
  const api = createApi({
    ...{ world, faults, report, latencyMs },
    ...(carriedOut && { carriedOut }),
    keys: createKeys(store, world.nowMs),
    limit: createLimiter(limits, world.nowMs),
  });
  return { world, api, run: (task) => runTask(world, task) };
}

function runTask(world: World, { id, kind, target }: Task): void {
  world.store.tasks.remove(id);
  if (kind === 'settle_charge') settleCharge(world, target);
  if (kind === 'finish_processing') finishProcessing(world, target);
  if (kind === 'open_dispute') openDispute(world, target);
  if (kind === 'finish_refund') finishRefund(world, target);
  if (kind === 'fail_refund') endDoomedRefund(world, target);
  if (kind === 'expire_session' && world.store.sessions.get(target)?.status === 'open')
    expireSession(world, undefined, target);
}
