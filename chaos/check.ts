import { Writable } from 'node:stream';
import { verify } from '../cli/verify.ts';
import type { Report } from '../core/verify.ts';
import type { Stage } from './stage.ts';
import { SECRET_KEY } from './stage.ts';

/** What `levy verify` says, run as anybody would run it. Gives its breaches, none if all holds. */
export async function verified({ services }: Stage): Promise<string[]> {
  let said = '';
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      said += chunk.toString();
      done();
    },
  });
  const place = {
    databaseUrl: services.postgres.url,
    stripe: { secretKey: SECRET_KEY, apiBase: services.sandbox.url },
  };
  const status = await verify(['--json'], { stdout, stderr: stdout }, place);
  if (status === 2) return [`levy verify could not check: ${said}`];
  const report = JSON.parse(said) as Report;
  return report.checks.flatMap(({ name, breaches }) =>
    breaches.map(({ feeId, detail }) => `${name}: ${feeId ?? ''} ${detail}`),
  );
}

interface FeeNow {
  fee_id: string;
  ref: string;
  state: string;
  email: string;
  paid: number;
  noticed_at: Date | null;
  kinds: string[];
  held: string | null;
}

/**
 * A count of our own, from what the sandbox's Stripe and mailbox have seen and from who is who,
 * that shares no line with the program under test.
 */
export async function counted(stage: Stage): Promise<string[]> {
  const { rows: fees } = await stage.pool.query<FeeNow>(
    `select f.fee_id, c.ref, f.state, c.email,
       (select count(*)::integer from entries e where e.fee_id = f.fee_id and e.kind = 'paid')
         as paid,
       (select max(e.at) from entries e where e.fee_id = f.fee_id and e.kind = 'noticed')
         as noticed_at,
       (select e.data ->> 'why' from entries e where e.fee_id = f.fee_id and e.kind = 'held'
         order by e.seq desc limit 1) as held,
       (select array_agg(e.kind order by e.seq) from entries e where e.fee_id = f.fee_id) as kinds
     from fees f join clinicians c using (clinician_id)`,
  );
  return [
    ...charges(stage, fees),
    ...mails(stage, fees),
    ...endings(stage, fees),
    ...(await acts(stage)),
  ];
}

/** At most one succeeded charge per fee, of the right amount, after its notice, in the ledger. */
function charges({ services }: Stage, fees: FeeNow[]): string[] {
  const found: string[] = [];
  const byId = new Map(fees.map((fee) => [fee.fee_id, fee]));
  const seen = new Map<string, number>();
  for (const { charge, amount, metadata, created } of services.sandbox.books('fee').succeeded) {
    const fee = byId.get(metadata['fee'] ?? '');
    if (!fee) {
      found.push(`charge ${charge} belongs to no fee`);
      continue;
    }
    seen.set(fee.fee_id, (seen.get(fee.fee_id) ?? 0) + 1);
    if (amount !== 1950) found.push(`charge ${charge} took ${amount} cents`);
    // Stripe's moment is of whole seconds.
    if (!fee.noticed_at || fee.noticed_at.getTime() > (created + 1) * 1000)
      found.push(`charge ${charge} of ${fee.ref} came before its notice`);
  }
  for (const fee of fees) {
    const taken = seen.get(fee.fee_id) ?? 0;
    if (taken > 1) found.push(`${fee.ref} was charged ${taken} times`);
    if (taken !== fee.paid)
      found.push(`${fee.ref}: Stripe took money ${taken} times, the ledger says ${fee.paid}`);
  }
  return found;
}

/** Nobody without use was written to; another notice only after one that came back or was void. */
function mails({ services, players }: Stage, fees: FeeNow[]): string[] {
  const found: string[] = [];
  const owners = new Map(players.map((player) => [player.email, player]));
  const notices = new Map<string, Set<string>>();
  for (const { to, subject, messageId } of services.mailbox.messages()) {
    const player = owners.get(to[0] ?? '');
    if (!player) found.push(`a mail went to ${to.join()}, whom nobody knows`);
    else if (!player.uses) found.push(`${player.ref} used nothing and was sent "${subject}"`);
    if (!player || !messageId?.includes('notice')) continue;
    const ids = notices.get(player.ref) ?? new Set();
    notices.set(player.ref, ids.add(messageId));
  }
  for (const [ref, ids] of notices) {
    const kinds = fees.find((fee) => fee.ref === ref)?.kinds ?? [];
    const gone = kinds.filter((kind) => kind === 'notice_failed' || kind === 'withdrawn').length;
    if (ids.size > 1 + gone)
      found.push(`${ref} was announced the fee in ${ids.size} different mails`);
  }
  const charged = fees.filter(({ paid }) => paid > 0);
  for (const { ref } of charged)
    if (!notices.has(ref)) found.push(`${ref} was charged, and the mailbox has no notice to them`);
  return found;
}

/** Nobody is forgotten, and whoever has nothing difficult about them has paid. */
function endings({ players, touched }: Stage, fees: FeeNow[]): string[] {
  const found: string[] = [];
  const byRef = new Map(fees.map((fee) => [fee.ref, fee]));
  for (const player of players) {
    const fee = byRef.get(player.ref);
    if (!fee) {
      found.push(`${player.ref} has no fee`);
      continue;
    }
    const story = `${player.ref} (${player.email}) ended as ${fee.state}: ${fee.kinds?.join(' ')}`;
    const owes = player.uses && player.vendor === 'theranest';
    if (owes && ['no_use', 'detecting', 'ready'].includes(fee.state)) found.push(story);
    if (!owes && !touched.has(player.ref) && !['no_use', 'exempt'].includes(fee.state))
      found.push(story);
    // The same test card is the same card: many soft declines use up what its network allows.
    const spent = fee.state === 'held' && /declines in \d+ days/.test(fee.held ?? '');
    const mustPay = owes && player.plain && !touched.has(player.ref);
    if (mustPay && fee.state !== 'paid' && !spent) found.push(story);
  }
  return found;
}

/** Every act that was answered has left its line, with who. */
async function acts({ pool, operator }: Stage): Promise<string[]> {
  const { rows } = await pool.query<{ act: string; lines: number }>(
    `select action || ' ' || object as act, count(*)::integer as lines from audit
     where actor = 'office' group by 1`,
  );
  const lines = new Map(rows.map(({ act, lines }) => [act, lines]));
  return [...operator.answered]
    .filter(([act, answers]) => (lines.get(act) ?? 0) < answers)
    .map(([act, answers]) => `"${act}" was answered ${answers} times, audited ${lines.get(act)}`);
}
