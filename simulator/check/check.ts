import { createPayments } from '../../gateways/payments.ts';
import { createVerify } from '../../workers/verify.ts';
import type { Scene } from '../scene.ts';
import { checkCards } from './cards.ts';
import { checkEnds } from './ends.ts';
import { collect, type FeeFacts, type Violation } from './facts.ts';
import { checkMoney } from './money.ts';
import { checkNotices } from './notices.ts';
import { checkErrors, checkSecrets } from './secrets.ts';
import { settleTruth } from './uncertain.ts';
import { checkWishes } from './wishes.ts';

export type { Violation } from './facts.ts';

/**
 * What must hold when the year is over: the production's own check over the ledger and Stripe's
 * books, and what only the simulator can see, because it owns Stripe, the mailboxes, the banks
 * and the people.
 */
export async function checkEverything(
  scene: Scene,
): Promise<{ violations: Violation[]; fees: FeeFacts[] }> {
  const settled = await settleTruth(scene);
  const fees = await collect(scene);
  const { rows } = await scene.setting.database.query(
    'select count(*)::integer as open from webhook_events where handled_at is null',
  );
  const violations = [
    ...settled,
    ...(await verified(scene)),
    ...checkMoney(scene, fees),
    ...checkNotices(scene, fees),
    ...checkCards(scene, fees),
    ...checkWishes(scene, fees, await audits(scene)),
    ...checkEnds(scene, fees, (rows[0] as { open: number }).open),
    ...checkSecrets(scene, fees),
    ...checkErrors(scene),
  ];
  return { violations, fees };
}

/** The production's check, reading Stripe without faults. */
async function verified({ plain, setting }: Scene): Promise<Violation[]> {
  const payments = createPayments(setting.stripe({ decidedAt: setting.timeline.now() }));
  const log = { info: setting.say, warn: setting.say, error: setting.say };
  const report = await createVerify({ ledger: plain, log, payments, patienceMs: 0 }).once();
  return report.checks.flatMap(({ name, breaches }) =>
    breaches.map(({ feeId, detail }) => ({ invariant: name, feeId, what: detail })),
  );
}

async function audits({ setting }: Scene): Promise<Map<string, number>> {
  const { rows } = await setting.database.query(
    'select action, count(*)::integer as lines from audit group by action',
  );
  return new Map(
    (rows as { action: string; lines: number }[]).map(({ action, lines }) => [action, lines]),
  );
}
