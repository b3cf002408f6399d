/** One script from beginning to end: what passed, what did not and why, what was left out. */
import type { Answer } from './comparing.ts';
import { differs, fits, noteProblem } from './comparing.ts';
import type { Asked } from './asking.ts';
import type { Case, Load } from './script.ts';
import { parseScript } from './script.ts';
import { whySkipped } from './skipping.ts';

export interface Report {
  readonly file: string;
  passed: number;
  readonly failures: { readonly line: number; readonly expr: string; readonly problem: string }[];
  readonly skipped: Map<string, number>;
}

export async function runScript(file: string, text: string, asked: Asked): Promise<Report> {
  const report: Report = { file, passed: 0, failures: [], skipped: new Map() };
  for (const section of parseScript(text)) {
    const loads = section.filter((step): step is Load => step.kind === 'load');
    await asked.clear();
    for (const step of section) {
      if (step.kind === 'load') await asked.load(step);
      else await runCase(step, whySkipped(step, loads, file) ?? asked.cannot?.(step), asked, report);
    }
  }
  return report;
}

async function runCase(one: Case, skipped: string | undefined, asked: Asked, report: Report): Promise<void> {
  if (skipped !== undefined) {
    report.skipped.set(skipped, (report.skipped.get(skipped) ?? 0) + 1);
    return;
  }
  const problem = await problemOf(one, asked);
  if (problem === undefined) report.passed++;
  else report.failures.push({ line: one.line, expr: one.expr, problem });
}

async function problemOf(one: Case, asked: Asked): Promise<string | undefined> {
  const failing = one.expects.filter(({ type }) => type === 'fail');
  let answer: Answer;
  try {
    answer = await asked.ask(one);
  } catch (error) {
    const message = (error as Error).message;
    if (failing.length === 0) return `error: ${message}`;
    return failing.every((expect) => fits(expect, message)) ? undefined : `another error: ${message}`;
  }
  if (failing.length > 0) return 'no error';
  return differs(one, answer, asked.baseMs) ?? noteProblem(one, answer) ?? (await asRange(one, asked));
}

/** What is true at an instant is so in a range around it. */
async function asRange(one: Case, asked: Asked): Promise<string | undefined> {
  const ordered = one.expects.some(({ type }) => type === 'ordered');
  if (one.stepMs > 0 || ordered || one.matrix || one.string !== undefined || /\b(?:start|end)\(\)/.test(one.expr))
    return undefined;
  const stepMs = 60_000;
  const at = one.startMs;
  let answer: Answer;
  try {
    answer = await asked.ask({ expr: one.expr, startMs: at - stepMs, endMs: at + stepMs, stepMs });
  } catch (error) {
    return `as a range: error: ${(error as Error).message}`;
  }
  const middle = answer.series.flatMap(({ labels, points }) => {
    const point = points.find(([ms]) => ms === at + asked.baseMs);
    return point ? [{ labels, points: [point] }] : [];
  });
  const type = one.scalar !== undefined && one.rows.length === 0 ? 'scalar' : 'vector';
  const problem = differs(one, { ...answer, type, series: middle }, asked.baseMs);
  return problem && `as a range: ${problem}`;
}
