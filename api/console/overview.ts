import type { ApiDeps } from '../deps.ts';
import type { Overview } from './home.ts';

/** Objections that are counted. */
const OBJECTIONS = 100;
/** Weak findings that are counted. */
const WEAK = 100;
/** How many of the latest imports are asked whether they left problems. */
const RECENT_IMPORTS = 20;

/** What the first page shows. */
export async function overview({ ledger }: ApiDeps): Promise<Overview> {
  const [objections, assessments, weak, imports, rates, vendors] = await Promise.all([
    ledger.objections.open(OBJECTIONS + 1),
    ledger.assessments.list(),
    ledger.evidence.weak(WEAK + 1),
    ledger.evidence.imports(),
    ledger.rates.list(),
    ledger.rates.vendors(),
  ]);
  const counted = assessments.map(async (assessment) => ({
    assessment,
    states: await ledger.reports.byState(assessment.assessmentId),
  }));
  const problems = imports.slice(0, RECENT_IMPORTS).map(async (one) => {
    const [first] = await ledger.evidence.problems(one.importId, 1);
    return first ? [one] : [];
  });
  return {
    assessments: await Promise.all(counted),
    objections: {
      count: Math.min(objections.length, OBJECTIONS),
      more: objections.length > OBJECTIONS,
    },
    weak: { count: Math.min(weak.length, WEAK), more: weak.length > WEAK },
    withProblems: (await Promise.all(problems)).flat(),
    rates,
    vendors,
  };
}
