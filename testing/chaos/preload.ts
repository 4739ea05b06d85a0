import { POLICY } from '../../config/policy.ts';

/**
 * Loaded before a program of the run (`node --import`): ends the program when the run that started
 * it is gone, whatever ended that, puts its clock wrong where it is told to, and has it open years
 * that last as long as the run.
 */
process.stdin.on('end', () => process.exit(1)).resume();
process.stdin.unref();

Object.assign(POLICY, JSON.parse(process.env['CHAOS_POLICY'] ?? '{}'));
const skewMs = Number(process.env['CHAOS_SKEW_MS'] ?? 0);
if (skewMs !== 0) globalThis.Date = skewed(globalThis.Date, skewMs);

/** The same class with another idea of now; everything else about dates stays as it is. */
function skewed(real: DateConstructor, ms: number): DateConstructor {
  const now = () => Math.floor(performance.timeOrigin + performance.now()) + ms;
  return new Proxy(real, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length > 0 ? args : [now()], newTarget) as object,
    apply: () => new real(now()).toString(),
    get: (target, key, receiver) =>
      key === 'now' ? now : (Reflect.get(target, key, receiver) as unknown),
  });
}
