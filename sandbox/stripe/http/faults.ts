/** Planned misfortune: what the next calls of some endpoints are to suffer. */

/** How a call goes wrong. `..._after_commit` means: the work is done, the caller is not told. */
export type FaultKind =
  | 'drop_before'
  | 'drop_after_commit'
  | 'truncate'
  | 'timeout'
  | 'timeout_after_commit'
  | 'status_500'
  | 'status_500_after_commit'
  | 'rate_limit'
  | 'lock_timeout'
  | 'key_in_use'
  | 'delay';

/** A plan: the next `times` calls of `route`, after letting `skip` of them pass. */
export interface Fault {
  /** `payment_intents.confirm`, its last word `confirm`, `payment_intents.*`, or `*`. */
  route: string;
  kind: FaultKind;
  times: number;
  skip: number;
  /** Milliseconds (of the machine) to wait first; the idempotency key is held meanwhile. */
  delayMs: number;
  /** How often it struck. */
  struck: number;
}

/** The kinds, for checking what a plan asks for. */
export const FAULT_KINDS: FaultKind[] = [
  'drop_before',
  'drop_after_commit',
  'truncate',
  'timeout',
  'timeout_after_commit',
  'status_500',
  'status_500_after_commit',
  'rate_limit',
  'lock_timeout',
  'key_in_use',
  'delay',
];

/** The plans in force. */
export type Faults = ReturnType<typeof createFaults>;

/** Starts without plans. */
export function createFaults() {
  let plans: Fault[] = [];
  return {
    plan(fault: Pick<Fault, 'route' | 'kind'> & Partial<Fault>): Fault {
      const { route, kind, times = 1, skip = 0, delayMs = 0 } = fault;
      const planned = { route, kind, times, skip, delayMs, struck: 0 };
      plans.push(planned);
      return planned;
    },
    /** The fault that strikes this call, if one does. Plans strike in the order they were made. */
    take(endpoint: string): Fault | undefined {
      for (const plan of plans) {
        if (plan.struck >= plan.times || !matches(plan.route, endpoint)) continue;
        if (plan.skip > 0) {
          plan.skip -= 1;
          continue;
        }
        plan.struck += 1;
        return plan;
      }
      return undefined;
    },
    list: () => plans,
    clear: () => void (plans = []),
  };
}

function matches(pattern: string, endpoint: string): boolean {
  if (pattern === '*' || pattern === endpoint) return true;
  if (pattern.endsWith('.*')) return endpoint.startsWith(pattern.slice(0, -1));
  return endpoint.endsWith(`.${pattern}`);
}
