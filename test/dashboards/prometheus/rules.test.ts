/** What holds of the rules as text: their names are the catalogue's, and each alert says what it must. What they do: alerts.test.ts files. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ALERT_LABELS, catalogueMetrics, nameProblems, readExpression } from '../../support/promnames.ts';
import { alerts, allRules, RULES_FOLDER, ruleGroups } from '../../support/rulefiles.ts';

const catalogue = catalogueMetrics();
const recorded = new Set(allRules().flatMap(({ record }) => record ?? []));
const known = new Map([...catalogue, ...[...recorded].map((record) => [record, undefined] as const)]);
/** Labels that a recording rule makes are on what it records. */
const made = new Set(
  allRules().flatMap(({ expr, labels }) => [...readExpression(expr).makes, ...Object.keys(labels ?? {})]),
);

const ALERTS = [
  ...['ContainerOomKilled', 'ContainerRestartLoop', 'ContainerUnhealthy', 'ContainerDown', 'ContainerExitedNonZero'],
  ...['ContainerMemoryNearLimit', 'ContainerMemoryFillsSoon', 'ContainerCpuThrottled', 'ContainerAboveCpuQuota'],
  ...['ContainerPidsNearLimit', 'ContainerPressure', 'ContainerNetworkErrors', 'ContainerDiskLayerGrowing'],
  ...['ServiceDown', 'ServiceDegraded', 'HostMemoryOvercommitted', 'HostDiskFilling', 'HostPressure', 'AgentDown'],
  ...['AgentTickLate', 'SourceFailing', 'CollectorDroppingSamples', 'SinkFailing', 'QueueFilling'],
  ...['CardinalityLimitReached', 'ClockSkewed', 'CollectorDown', 'AgentDroppingSamples'],
];

const named = (rule: { record?: string; alert?: string }): string => rule.alert ?? rule.record ?? '';

describe('names', () => {
  test.each(allRules().map((rule) => [named(rule), rule.expr]))(
    '%s uses only what the catalogue has',
    (_name, expr) => {
      expect(nameProblems(expr, known, made)).toEqual([]);
    },
  );

  test('a name that nothing exposes is found, and so is a label that a metric cannot have', () => {
    expect(nameProblems('container_cpu_usage_total', known)).toEqual(['there is no metric container_cpu_usage_total']);
    expect(nameProblems('container_state{status="running"}', known)).toEqual(['container_state has no label status']);
    expect(nameProblems('container_state{state="up"}', known)).toEqual(['container_state has no state="up"']);
    expect(nameProblems('sum by (container) (container_state)', known)).toEqual(['nothing has the label container']);
    expect(nameProblems('sum(container_state', known)[0]).toMatch(/^no PromQL/);
    expect(nameProblems('service_state{project="shop"} / service_containers', known)).toEqual([]);
  });

  test.each(['README.md', 'RUNBOOK.md'])('queries and metrics in %s are of the catalogue', (file) => {
    const code = [...readFileSync(join(RULES_FOLDER, file), 'utf8').matchAll(/`([^`\n]+)`/g)].map(
      ([, text]) => text as string,
    );
    const queries = code.filter((text) =>
      /^[a-z_]*\(?.*(?<![.\w])(container|machine|plimsoll|service|host)[_:]\w/.test(text),
    );
    expect(queries.length).toBeGreaterThan(file === 'RUNBOOK.md' ? 20 : 0);
    for (const query of queries) expect(nameProblems(query, known, made), query).toEqual([]);
  });

  test('records are level:metric:operations, and each is used', () => {
    expect([...recorded].filter((name) => !/^[a-z_]+:[a-z_]+:[a-z0-9_]+$/.test(name))).toEqual([]);
    const used = new Set(allRules().flatMap(({ expr }) => readExpression(expr).selectors.map(({ metric }) => metric)));
    expect([...recorded].filter((name) => !used.has(name))).toEqual([]);
  });

  // Kubelets and cAdvisors have series of the same names, and other habits: a limit of 0 where there is none.
  test('each selector of what is scraped is of Plimsoll’s jobs', () => {
    const open = allRules().flatMap(({ expr }) =>
      readExpression(expr)
        .selectors.filter(({ metric }) => catalogue.has(metric))
        .filter(({ matchers }) => !matchers.some(({ label, value }) => label === 'job' && value.includes('plimsoll')))
        .map(({ metric }) => metric),
    );
    expect(open).toEqual([]);
  });

  test('every label that a rule asks a container for is one that README lists, and the reverse', () => {
    const readme = readFileSync(join(RULES_FOLDER, 'README.md'), 'utf8');
    const listed = [...readme.matchAll(/^\| `(plimsoll\.alert[a-z.]*)/gm)].map(([, label]) => label);
    expect(listed.sort()).toEqual([...ALERT_LABELS].sort());
    const exprs = allRules()
      .map(({ expr }) => expr)
      .join('\n');
    for (const label of ALERT_LABELS) expect(exprs).toContain(`container_label_${label.replaceAll('.', '_')}`);
  });
});

describe('thresholds', () => {
  test('are in one file: no alert compares with a number that is neither 0 nor a part of its window', () => {
    const numbers = alerts().flatMap(({ alert, expr }) =>
      [...expr.matchAll(/(?:[<>]=?|[!=]=)\s*(?:bool\s+)?([0-9.]+)/g)].map(([, number]) => `${alert} ${number}`),
    );
    expect([...new Set(numbers)].sort()).toEqual([
      'AgentDown 0',
      'CardinalityLimitReached 0',
      'CollectorDown 0',
      'ContainerDown 0',
      'ContainerExitedNonZero 0',
      // Within the last hour.
      'ContainerExitedNonZero 60',
      // What predicts needs something to begin with.
      'ContainerMemoryFillsSoon 0.5',
      'ContainerUnhealthy 0',
      'HostDiskFilling 0.6',
      'SinkFailing 0',
      'SourceFailing 0',
    ]);
  });

  test('that are used are there, and those that are there are used', () => {
    const set = allRules().flatMap(({ record, labels }) => (record === 'plimsoll:alert:default' ? labels?.alert : []));
    const used = alerts().flatMap(({ expr }) =>
      readExpression(expr).selectors.flatMap(({ matchers }) =>
        matchers.filter(({ label }) => label === 'alert').map(({ value }) => value),
      ),
    );
    expect([...new Set(used)].sort()).toEqual([...new Set(set)].sort());
  });
});

describe('alerts', () => {
  test('are all there', () => {
    expect([...new Set(alerts().map(({ alert }) => alert))].sort()).toEqual([...ALERTS].sort());
  });

  test('groups and rules have names of their own', () => {
    const groups = ruleGroups().map(({ name }) => name);
    expect(new Set(groups).size).toBe(groups.length);
    const keys = allRules().map((rule) => named(rule) + JSON.stringify(rule.labels ?? {}));
    expect(new Set(keys).size).toBe(keys.length);
  });

  test.each(alerts().map((alert) => [alert.alert, alert] as const))('%s says all that it must', (name, alert) => {
    const { summary = '', description = '', runbook_url: url } = alert.annotations;
    expect(['critical', 'warning', 'info']).toContain(alert.labels.severity);
    expect(summary).not.toBe('');
    // Whom it concerns, and the number.
    expect(description).toMatch(/\$labels\.(container|service|host|instance|node)\b/);
    expect(description).toContain('{{ $value');
    expect(url).toBe(`https://plimsoll.example/runbook#${name.toLowerCase()}`);
    const runbook = readFileSync(join(RULES_FOLDER, 'RUNBOOK.md'), 'utf8');
    const [, entry = ''] = new RegExp(`^## ${name}\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(runbook) ?? [];
    for (const part of ['**Means.**', '**Look at.**', '**Helps.**']) expect(entry, part).toContain(part);
  });

  test.each(ALERTS)('%s has cases for promtool: it fires, resolves, and is silent', (name) => {
    const folder = fileURLToPath(new URL('../../live/', import.meta.url));
    const files = readdirSync(folder).filter((file) => /^alerts-.*\.test\.ts$/.test(file));
    const text = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
    const [, cases = ''] = new RegExp(`^cases\\('${name}', \\{\\n([\\s\\S]*?)^\\}\\);`, 'm').exec(text) ?? [];
    const titles = [...cases.matchAll(/^ {2}(?:'(.*)'|"(.*)"): \{/gm)].map(([, one, other]) => one ?? other);
    for (const word of ['fires', 'resolves', 'silent']) expect(titles.join('\n'), word).toContain(word);
  });

  test('RUNBOOK.md has no entry of an alert that is not there', () => {
    expect(existsSync(join(RULES_FOLDER, 'RUNBOOK.md'))).toBe(true);
    const runbook = readFileSync(join(RULES_FOLDER, 'RUNBOOK.md'), 'utf8');
    expect([...runbook.matchAll(/^## (.*)$/gm)].map(([, name]) => name).sort()).toEqual([...ALERTS].sort());
  });
});
