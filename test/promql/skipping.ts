/** Cases that are about what the store has not got: native histograms, functions behind Prometheus' feature flags, names that are dropped late. */
import { EXPERIMENTAL } from '../../collector/query/parse/signatures.ts';
import type { Case, Load } from './script.ts';

const FLAGGED = new RegExp(
  `\\b(?:${[...EXPERIMENTAL].filter((name) => !/^(?:start|end|range|step)$/.test(name)).join('|')})\\s*(?:by|without)?\\s*\\(`,
);
const FLAGGED_SYNTAX = [
  // Arithmetic within durations.
  /\[[^\]"']*(?:[a-z0-9)]\s*[-+*/%^]|\()[^\]"']*\]/,
  /\boffset\s*-?\s*\(/,
];
const FLAGGED_FILES = /^(?:duration_expression|limit|type_and_unit|native_histograms)\.test$/;
const NATIVE_CALLS = /\bhistogram_(?:count|sum|avg|stddev|stdvar)\s*\(/;

/** Why a case is left out; undefined if it is asked. */
export function whySkipped(one: Case, loads: readonly Load[], file: string): string | undefined {
  if (one.problem) return one.problem;
  if (file === 'native_histograms.test') return 'native histograms';
  if (FLAGGED_FILES.test(file) || FLAGGED.test(one.expr) || FLAGGED_SYNTAX.some((syntax) => syntax.test(one.expr)))
    return 'experimental';
  if (file === 'name_label_dropping.test' && lateDropping(one.expr)) return 'delayed name removal';
  return asksNative(one, loads) ? 'native histograms' : undefined;
}

/** A function has dropped the name, and what is around it asks for it. */
function lateDropping(expr: string): boolean {
  return /^label_(?:replace|join)\(rate\(/.test(expr) || /^sum\(rate\(\{/.test(expr);
}

function asksNative(one: Case, loads: readonly Load[]): boolean {
  if (one.rows.some(({ values }) => values.includes('histogram')) || NATIVE_CALLS.test(one.expr)) return true;
  const names = new Set<string>();
  for (const { series, makesNative } of loads) {
    for (const { labels, values } of series) {
      const name = labels.find(([key]) => key === '__name__')?.[1] ?? '';
      if (values.includes('histogram')) names.add(name);
      if (makesNative && name.endsWith('_bucket')) names.add(name.slice(0, -'_bucket'.length));
    }
  }
  if (names.size === 0) return false;
  // A selector without a name may find any of them.
  if (/__name__\s*[!=]~|(?<![a-zA-Z_:0-9]\s*)\{\s*[a-z_]+\s*!?[=~]/.test(one.expr)) return true;
  return [...names].some((name) => new RegExp(`(?<![\\w:])${name}(?![\\w:])`).test(one.expr));
}
