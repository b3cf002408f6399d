/** The catalogue as a whole: names, kinds, units and help follow the field's rules, nothing comes twice, METRICS.md is current. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { metricsDocument } from '../../../src/catalog/document.ts';
import { FAMILIES } from '../../../src/catalog/index.ts';
import { PIPELINE_METRICS } from '../../../src/catalog/pipeline.ts';

const columns = FAMILIES.flatMap((family) => family.columns.map((column) => ({ family, column })));

describe('names', () => {
  test.each(FAMILIES.map((f) => [f.name, f] as const))(
    'family %s is one lower-case word, its fields are unique',
    (name, family) => {
      expect(name).toMatch(/^[a-z0-9_]+$/);
      const fields = family.columns.map((c) => c.field);
      expect(new Set(fields).size).toBe(fields.length);
      for (const field of fields) expect(field).toMatch(/^[a-z][a-z0-9_]*$/);
      for (const reserved of ['time', '_field', '_measurement', 'id']) expect(fields).not.toContain(reserved);
    },
  );

  test('no family comes twice', () => {
    expect(new Set(FAMILIES.map((f) => f.name)).size).toBe(FAMILIES.length);
  });

  test('one metric has one kind, unit and help wherever it stands', () => {
    const seen = new Map<string, string>();
    for (const { column } of columns) {
      const what = `${column.kind} ${column.unit} ${column.help}`;
      expect(`${column.metric}: ${seen.get(column.metric) ?? what}`).toBe(`${column.metric}: ${what}`);
      seen.set(column.metric, what);
    }
  });

  test('no series comes from two places: one metric, fixed labels and dimensions, one emitter', () => {
    // The host's disks share names with the containers' devices; they differ in who emits them, so the family tells them apart.
    const keys = columns.map(({ family, column }) => JSON.stringify([column.metric, column.labels, family.dims]));
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
  });

  test.each(columns.map((c) => [c.column.metric, c] as const))(
    '%s has a legal name, a unit suffix and help',
    (metric, { column }) => {
      expect(metric).toMatch(/^(container|machine)_[a-z0-9_]+$/);
      expect(column.help).toMatch(/^[A-Z0-9].*\.$/);
      expect(column.source).not.toBe('');
      // cAdvisor's names for two counters.
      if (column.kind === 'counter') expect(metric).toMatch(/_total$|^container_(memory|hugetlb)_failcnt$/);
      if (column.unit === 'seconds' || column.unit === 'bytes')
        expect(metric + legacy(metric)).toMatch(new RegExp(`_${column.unit}(_total)?$`));
    },
  );

  test('pipeline metrics start with plimsoll_, counters end in _total', () => {
    for (const row of PIPELINE_METRICS) {
      expect(row.metric).toMatch(/^plimsoll_[a-z_]+$|^cadvisor_version_info$|^(container|machine)_scrape_error$/);
      expect(row.metric.endsWith('_total')).toBe(row.kind === 'counter');
    }
  });

  test('every pipeline metric is exposed somewhere', () => {
    const folder = new URL('../../../', import.meta.url);
    const wiring = [
      'agents/exposed.ts',
      'collector/exposed.ts',
      'collector/main.ts',
      'collector/exposedstore.ts',
      'collector/queryapi.ts',
      'collector/kubelets.ts',
      'collector/metricsapi.ts',
      'collector/receiving.ts',
      'src/http/metricsroute.ts',
      'src/self/metrics.ts',
    ];
    const text = wiring.map((file) => readFileSync(new URL(file, folder), 'utf8')).join('');
    expect(PIPELINE_METRICS.map((row) => row.metric).filter((metric) => !text.includes(`'${metric}'`))).toEqual([]);
  });

  test('what groups get fits the column: totals of counters, counts of states, shares of seconds', () => {
    const fits = ({ column }: (typeof columns)[number]): boolean =>
      column.groups.every((output) => {
        if (output === 'total') return column.kind === 'counter';
        if (output === 'max_ratio') return column.kind === 'counter' && /_seconds_total$/.test(column.metric);
        if (output === 'count') return column.kind === 'gauge' && column.labels.length === 1 && column.unit === 'none';
        return column.kind === 'gauge';
      });
    expect(columns.filter((each) => !fits(each)).map(({ column }) => column.metric)).toEqual([]);
  });

  test('a ratio names columns that groups get or counters', () => {
    for (const family of FAMILIES) {
      for (const ratio of family.ratios) {
        expect(family.at[ratio.of]).toBeTypeOf('number');
        expect(family.at[ratio.against]).toBeTypeOf('number');
        expect(ratio.stem).toMatch(/_ratio$/);
      }
    }
  });
});

/** cAdvisor's names without a unit, which we keep because dashboards use them. */
function legacy(metric: string): string {
  if (metric === 'container_last_seen') return '_seconds';
  const bytes = /^container_(memory_(cache|rss|mapped_file|swap|kernel_usage)|blkio_device_usage_total)$/;
  return bytes.test(metric) ? '_bytes' : '';
}

test('METRICS.md is what the catalogue says; write it anew with npm run docs', () => {
  const written = readFileSync(new URL('../../../METRICS.md', import.meta.url), 'utf8');
  expect(written).toBe(metricsDocument());
});
