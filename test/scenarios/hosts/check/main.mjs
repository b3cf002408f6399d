/**
 * Checks the goldens of the recorded hosts against the recorded files: `node main.mjs v1|v2` unpacks the recording, works out every
 * series by itself and compares. Prints how many it verified, or what differs, and then ends with 1. A second argument names
 * another folder of goldens.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expectedSeries } from './expected.mjs';
import { expectedLevels, PREFIXES } from './levels.mjs';
import { readMetrics } from './metrics.mjs';
import { readMoment } from './moment.mjs';
import { isNear, readLines, readPage, seriesName } from './text.mjs';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const MOMENTS = ['t0', 't1', 't2'];
const WINDOW_MS = 10_000;

/** Both ways: nothing that is expected is missing, nothing is shown that is not expected. Answers the differences. */
function compare(title, expected, shown) {
  const differences = [];
  for (const [name, value] of expected) {
    if (!shown.has(name)) differences.push(`${title}: ${name} is missing, it must be ${value}`);
    else if (!isNear(shown.get(name), value))
      differences.push(`${title}: ${name} is ${shown.get(name)}, it must be ${value}`);
  }
  for (const [name, value] of shown)
    if (!expected.has(name)) differences.push(`${title}: ${name} is ${value}, it must not be there`);
  return differences;
}

const valuesOf = (series) => new Map([...series].map(([name, { value }]) => [name, value]));

function byOwner(series) {
  const found = new Map();
  for (const one of series.values()) {
    const id = one.owner?.inspect.Id;
    if (id !== undefined) found.set(id, [...(found.get(id) ?? []), one]);
  }
  return found;
}

/** The families of the series, by METRICS.md; a metric that it does not have is a difference. */
function familiesIn(series, families) {
  const counts = new Map();
  for (const { metric, labels } of series.values()) {
    const own = [...families].find(([, { metrics }]) => metrics.some((one) => one.metric === metric));
    if (own === undefined) throw new Error(`METRICS.md does not have ${metric}`);
    // Metrics that machines and containers share are read apart.
    const name = labels.id === '/' && !own[0].startsWith('machine') ? `${own[0]} of the machine` : own[0];
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Line protocol turned back into series, the levels' and the containers' alike, per window. */
function linesAsSeries(lines, families, windows) {
  const found = windows.map(() => new Map());
  for (const { measurement, tags, id, fields, time } of lines) {
    const [prefix, familyName] = levelAndFamily(measurement);
    const family = families.get(measurement) ?? families.get(familyName) ?? { metrics: [] };
    const isGroup = prefix !== 'container' && !measurement.startsWith('machine');
    const w = windows.findIndex(({ endMs, timeMs }) => time === (isGroup ? endMs : timeMs));
    for (const [field, value] of fields) {
      const { cgroup, short_id: _, ...labels } = tags;
      const named = isGroup ? groupField(prefix, family, field) : family.metrics.find((one) => one.field === field);
      if (named === undefined) throw new Error(`METRICS.md has no field ${field} of ${measurement}`);
      const own = cgroup === undefined ? { ...labels, id } : { ...labels, id: cgroup };
      found[w].set(seriesName(named.metric, { ...named.labels, ...(isGroup ? labels : own) }), value);
    }
  }
  return found;
}

/** `node_containers_cpu` -> `node_containers` and `cpu`. */
function levelAndFamily(measurement) {
  const prefix = [...Object.values(PREFIXES), 'container'].find((one) => measurement.startsWith(`${one}_`));
  return [prefix, measurement.slice((prefix ?? '').length + 1)];
}

const ENDINGS = {
  total: ['', ''],
  sum: ['', ''],
  count: ['', ''],
  avg: ['', '_avg'],
  max: ['', '_max'],
  max_ratio: ['_seconds_total', '_max_ratio'],
};

/** `usage_bytes_avg` -> `service_memory_usage_bytes_avg`. */
function groupField(prefix, family, field) {
  if (field === 'containers')
    return { metric: prefix.endsWith('_containers') ? prefix : `${prefix}_containers`, labels: {} };
  // A level's own table is of no family.
  if (field === 'nodes' && family.metrics.length === 0) return { metric: `${prefix}_nodes`, labels: {} };
  for (const { metric, labels, groups, field: stem } of family.metrics) {
    const fixed = Object.values(labels).join() === 'total' ? {} : labels;
    for (const [plain, ending] of groups.map((output) => ENDINGS[output])) {
      const named = (name) => name.slice(0, name.length - plain.length) + ending;
      if (field === named(stem)) return { metric: named(metric.replace('container', prefix)), labels: fixed };
    }
  }
  const ratio = family.ratios?.find((stem) => stem.endsWith(field));
  return ratio && { metric: `${prefix}_${ratio}`, labels: {} };
}

function check(version, host, goldens) {
  const families = readMetrics(path('../../../../METRICS.md'));
  const place = { node: `recorded-${version}`, cluster: 'recorded' };
  const moments = MOMENTS.map((name) => {
    const moment = readMoment(host, version, name);
    const series = expectedSeries(moment);
    const endMs = (Math.floor(moment.timeMs / WINDOW_MS) + 1) * WINDOW_MS;
    return { ...moment, name, series, byOwner: byOwner(series), endMs };
  });
  const levels = expectedLevels(moments, families, place);
  const lines = linesAsSeries(readLines(join(goldens, 'influx.lp')), families, moments);
  const differences = [];
  for (const [i, { name, series }] of moments.entries()) {
    const page = valuesOf(readPage(join(goldens, `agent-${name}.prom`)));
    differences.push(...compare(`agent-${name}.prom`, valuesOf(series), page));
    const levelPage = valuesOf(readPage(join(goldens, `levels-${name}.prom`)));
    differences.push(...compare(`levels-${name}.prom`, levels[i], levelPage));
    const inLines = new Map(
      [...series.values()].map(({ metric, labels, value }) => [
        seriesName(metric, { ...labels, node: place.node }),
        value,
      ]),
    );
    differences.push(...compare(`influx.lp ${name}`, new Map([...inLines, ...levels[i]]), lines[i]));
    const counts = [...familiesIn(series, families)].sort().map(([family, count]) => `${family} ${count}`);
    console.log(
      `${version} ${name}: ${series.size} series of the agent, ${levels[i].size} of the levels, ${lines[i].size} fields of line protocol`,
    );
    console.log(`  ${counts.join(', ')}`);
  }
  return differences;
}

const [version, goldens = path(`../${version}`)] = process.argv.slice(2);
const host = mkdtempSync(join(tmpdir(), 'plimsoll-check-'));
try {
  execFileSync('tar', ['-xzf', path(`../../../fixtures/cgroup-${version}.tar.gz`), '-C', host, '--no-same-owner']);
  const differences = check(version, host, goldens);
  for (const difference of differences) console.error(difference);
  process.exitCode = differences.length > 0 ? 1 : 0;
} finally {
  rmSync(host, { recursive: true, force: true });
}
