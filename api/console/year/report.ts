import { dollars, type Account } from '../../../core/fee/money.ts';
import { BUCKETS, type Bucket, type RosterTotals } from '../../../core/roster.ts';
import type { AuditedLine } from '../../../ledger/access.ts';
import type { Assessment } from '../../../ledger/assessments.ts';
import type { AccountRow } from '../../../ledger/bookkeeping.ts';
import type { Finding } from '../../../ledger/findings.ts';
import type { FeeStatus } from '../../../core/fee/fee.ts';
import type { ApprovalLine } from '../../../ledger/year-report.ts';
import { ACCOUNT_WORDS } from '../../lists/words.ts';
import { auditTable } from '../audit.ts';
import { html, type Html } from '../html.ts';
import { nothing } from '../layout.ts';
import { inOrder, STATE_WORDS } from '../states.ts';
import { table, type Column } from '../table.ts';
import { when } from '../times.ts';
import { BUCKET_WORDS, counted } from '../words.ts';
import { policyWords } from './opening.ts';

export interface ReportView {
  assessment: Assessment;
  practiceName: string;
  now: Date;
  totals: RosterTotals;
  states: { state: FeeStatus; fees: number; cents: number }[];
  accounts: AccountRow[];
  approvals: ApprovalLine[];
  findings: Finding[];
  acts: AuditedLine[];
  /** There are more findings or acts than are shown. */
  more: { findings: boolean; acts: boolean };
}

/** The report of a year on one page, for an auditor and a bookkeeper, to be printed. */
export function reportBody(view: ReportView): Html {
  const { assessment, practiceName, now } = view;
  const { vendorName, year, policy, livemode } = assessment;
  const page = `/console/assessments/${assessment.assessmentId}`;
  return html`<p class="crumbs">
      <a href="/console">Overview</a> › <a href="${page}">${vendorName} ${year}</a>
    </p>
    <h1>CPT licence fees ${year}: ${vendorName}</h1>
    <p class="lead">
      ${practiceName}. As of ${when(now, policy.timeZone)}.
      ${!livemode && html`<strong>Sandbox: no real money has moved.</strong>`}
    </p>
    <p class="screen-only small soft">To keep it as a PDF, print this page to a file.</p>
    <h2>The fee and the rules</h2>
    ${rate(assessment)} ${policyWords(policy)}
    <h2>Who was in, and who was out</h2>
    ${table(bucketColumns(view.totals), bucketsOf(view.totals))}
    <h2>How the fees stand</h2>
    ${table(STATES, inOrder(view.states))}
    <h2>The money</h2>
    ${accounts(view.accounts)}
    <h2>Approvals</h2>
    ${
      view.approvals.length === 0
        ? nothing('No roster has been approved yet.')
        : table(approvalColumns(policy.timeZone), view.approvals)
    }
    <h2>What the checks found</h2>
    ${checks(view)}
    <h2>What people decided</h2>
    ${
      view.acts.length === 0
        ? nothing('Nobody has done anything about this year by hand.')
        : auditTable(view.acts, policy.timeZone)
    }
    ${
      view.more.acts &&
      html`<p class="soft">Earlier acts are in the <a href="/console/audit">audit</a>.</p>`
    }`;
}

function rate({
  amountCents,
  royaltyCents,
  processingCents,
  rateSource,
  openedBy,
  openedAt,
  policy,
}: Assessment): Html {
  return html`<p>
    ${dollars(amountCents)} per clinician: royalty ${dollars(royaltyCents)}, vendor’s processing
    ${dollars(processingCents)}, nothing of the practice’s own. Source: ${rateSource}. Opened by
    ${openedBy} on ${when(openedAt, policy.timeZone)}.
  </p>`;
}

const bucketsOf = (totals: RosterTotals) =>
  (Object.keys(BUCKETS) as Bucket[]).filter((name) => totals[name]);

function bucketColumns(totals: RosterTotals): Column<Bucket>[] {
  return [
    { head: 'Bucket', kind: 'name', cell: (name) => BUCKET_WORDS[name] },
    { head: 'Meaning', cell: (name) => BUCKETS[name] },
    {
      head: 'Clinicians',
      kind: 'number',
      cell: (name) => totals[name]?.clinicians.toLocaleString('en-US'),
    },
    { head: 'Amount', kind: 'number', cell: (name) => dollars(totals[name]?.cents ?? 0) },
  ];
}

const STATES: Column<ReportView['states'][number]>[] = [
  { head: 'State', kind: 'name', cell: ({ state }) => STATE_WORDS[state].label },
  { head: 'Meaning', cell: ({ state }) => STATE_WORDS[state].means },
  { head: 'Fees', kind: 'number', cell: ({ fees }) => fees.toLocaleString('en-US') },
  { head: 'Amount', kind: 'number', cell: ({ cents }) => dollars(cents) },
];

function accounts(rows: readonly AccountRow[]): Html {
  if (rows.length === 0) return nothing('No money has been passed on yet.');
  const order = Object.keys(ACCOUNT_WORDS);
  const sorted = [...rows].sort((a, b) => order.indexOf(a.account) - order.indexOf(b.account));
  const sum = rows.reduce((total, { balanceCents }) => total + balanceCents, 0);
  const passedOn = -(rows.find(({ account }) => account === 'passed_on')?.balanceCents ?? 0);
  return html`<p>
      ${dollars(passedOn)} was passed on; the accounts below say where it is. Their balances add up
      to
      <strong>${dollars(sum)}</strong>${sum !== 0 && ', which must be zero: have this looked at'}.
    </p>
    ${table(ACCOUNTS, sorted)}`;
}

const ACCOUNTS: Column<AccountRow>[] = [
  { head: 'Account', kind: 'name', cell: ({ account }) => words(account).name },
  { head: 'Meaning', cell: ({ account }) => words(account).means },
  { head: 'Debits', kind: 'number', cell: ({ debitCents }) => dollars(debitCents) },
  { head: 'Credits', kind: 'number', cell: ({ creditCents }) => dollars(creditCents) },
  { head: 'Balance', kind: 'number', cell: ({ balanceCents }) => dollars(balanceCents) },
];

const words = (account: Account) => ACCOUNT_WORDS[account];

function approvalColumns(timeZone: string): Column<ApprovalLine>[] {
  return [
    { head: 'Who', kind: 'name', cell: ({ actor }) => actor },
    { head: 'When', cell: ({ at }) => when(at, timeZone) },
    { head: 'Fees', kind: 'number', cell: ({ fees }) => fees.toLocaleString('en-US') },
    {
      head: 'Roster hash',
      cell: ({ hash }) =>
        hash === 'automatic' ? 'approved automatically' : html`<span class="hash">${hash}</span>`,
    },
  ];
}

function checks({ assessment, findings, more }: ReportView): Html {
  const { checkedAt, policy } = assessment;
  if (!checkedAt) return nothing('The ledger has not been compared with Stripe’s books yet.');
  return html`<p>
      The ledger was last compared with Stripe’s books on ${when(checkedAt, policy.timeZone)}.
      ${
        findings.length === 0
          ? 'Nothing differed.'
          : `${counted(findings.length, 'difference')}${more.findings ? ' and more' : ''}:`
      }
    </p>
    ${
      findings.length > 0 &&
      html`<ul>
        ${findings.map(
          ({ feeId, detail }) =>
            html`<li>${feeId ? html`<a href="/console/fees/${feeId}">${detail}</a>` : detail}</li>`,
        )}
      </ul>`
    }`;
}
