/** The rule files in dashboards/prometheus, read as Prometheus reads them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

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
