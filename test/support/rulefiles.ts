/** The rule files in dashboards/prometheus, read as Prometheus reads them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

export const RULES_FOLDER = fileURLToPath(new URL('../../dashboards/prometheus/', import.meta.url));

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** Names of the files, `containers.rules.yml` … */
export function ruleFiles(): string[] {
  return readdirSync(RULES_FOLDER)
    .filter((name) => name.endsWith('.rules.yml'))
    .sort();
}

export function ruleText(file: string): string {
  return readFileSync(join(RULES_FOLDER, file), 'utf8');
}

export function ruleGroups(): RuleGroup[] {
  return ruleFiles().flatMap((file) => (parse(ruleText(file)) as { groups: RuleGroup[] }).groups);
}

export function allRules(): Rule[] {
  return ruleGroups().flatMap(({ rules }) => rules);
}

export type Alert = Rule & Required<Pick<Rule, 'alert' | 'labels' | 'annotations'>>;

export function alerts(): Alert[] {
  return allRules().filter((rule): rule is Alert => rule.alert !== undefined);
}

/**
 * All rules as one file, with minutes become seconds: how long something must last (`for`), how far a range looks back, and the windows that
 * are written as a number of minutes. Thresholds stay.
 */
export function hurriedRules(): string {
  const hurried = (duration: string): string => `${Math.max(1, minutesOf(duration))}s`;
  const groups = ruleGroups().map(({ name, rules }) => ({
    name,
    rules: rules.map((rule) => ({
      ...rule,
      expr: rule.expr
        .replaceAll(/\[(\d+[mhd])\]/g, (_, duration: string) => `[${hurried(duration)}]`)
        .replaceAll(/\b(\d+) \* 60\b/g, '$1'),
      ...(rule.for === undefined ? {} : { for: hurried(rule.for) }),
    })),
  }));
  return stringify({ groups }, { aliasDuplicateObjects: false });
}

function minutesOf(duration: string): number {
  const unit = { m: 1, h: 60, d: 1440 }[duration.slice(-1)];
  if (unit === undefined) throw new Error(`${duration} is no number of minutes, hours or days`);
  return Number(duration.slice(0, -1)) * unit;
}
