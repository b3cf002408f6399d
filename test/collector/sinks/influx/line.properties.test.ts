/** Whatever labels and numbers are, every server's way of reading gives back one line with the same numbers and tags. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { createEncoder } from '../../../../collector/sinks/influx/line.ts';
import type { LabelPair } from '../../../../src/model/labels.ts';
import { parseLine } from '../../../support/lineprotocol.ts';
import { T0, table } from '../../../support/tables.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('\\', '"', '\n', 'n', ',', '=', ' ', '#', '\r', '\t', '\u0000', '\ud800'),
    maxLength: 8,
  }),
);
const name = fc.oneof(
  fc.constantFrom('id', 'name', 'image', 'node', '__proto__', 'constructor', 'time', 'v0'),
  hostile,
);
const numbers = fc.array(fc.oneof(fc.double(), fc.integer()), { minLength: 1, maxLength: 4 });

/** What the encoder says it makes of a text, character by character. */
function survives(text: string): string {
  const line = Array.from(text.toWellFormed(), (c) => (c < ' ' || c === '\u007f' ? ' ' : c));
  return line.map((c, i) => (c === '\\' && ['\\', ' ', ',', '=', undefined].includes(line[i + 1]) ? '/' : c)).join('');
}

test.prop(
  [
    fc.array(fc.tuple(name, hostile), { maxLength: 5 }),
    numbers,
    fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
  ],
  {
    numRuns: 2000,
  },
)('a row reads back the same', (pairs, values, measurement) => {
  const given = table({ measurement, columns: values.map((_, i) => `v${i}`), rows: [[pairs as LabelPair[], values]] });
  const row = given.rows[0];
  if (!row) throw new Error('no row');
  const lines = [...createEncoder({ idField: true }).lines(given)];
  const present = values.flatMap((value, i): [string, number][] =>
    Number.isFinite(value) ? [[`v${i}`, value === 0 ? 0 : value]] : [],
  );
  expect(lines.length).toBe(present.length > 0 ? 1 : 0);
  const text = lines[0]?.text;
  if (text === undefined) return;
  const own = new Map(row.labels.names.map((label, i) => [label, row.labels.values[i] as string]));
  const isContainer = own.has('image') || /[0-9a-f]{64}/.test(own.get('id') ?? '');
  const id = own.get('id') ?? '';
  // Labels become tags, but for the id; of those that are the same once written, the first.
  const tags = new Map<string, string>();
  for (const [label, value] of own) {
    if (label === 'id' && isContainer) continue;
    const taken =
      ['time', '_field', '_measurement'].includes(label) ||
      (/^v[0-3]$/.test(label) && Number(label[1]) < values.length);
    const key = survives(label === 'id' ? 'cgroup' : taken ? `${label}_label` : label);
    if (key !== '' && !tags.has(key)) tags.set(key, survives(value));
  }
  const string = Array.from(id.toWellFormed(), (c) => (c < ' ' || c === '\u007f' ? ' ' : c)).join('');
  for (const dialect of ['single', 'pairs'] as const) {
    const parsed = parseLine(text, dialect);
    expect(parsed.measurement).toBe(survives(measurement).replace(/^#/, '_'));
    expect(new Map(parsed.tags)).toEqual(tags);
    expect(parsed.fields).toEqual(isContainer && id !== '' ? [...present, ['id', string]] : present);
    expect(parsed.time).toBe(T0);
  }
});

/** Few labels and times, so that many rows collide. */
const few = fc.record(
  {
    name: fc.constantFrom('job', 'jo b', 'job\\', 'job/'),
    image: fc.constantFrom('i', 'k'),
    id: fc.constantFrom(
      '/docker/x',
      '/user.slice/a',
      '/user.slice/b',
      `/docker/${'a'.repeat(64)}`,
      `/docker/${'b'.repeat(64)}`,
    ),
    interface: fc.constantFrom('eth0', 'eth1'),
  },
  { requiredKeys: [] },
);
const rowsOfFew = fc.array(
  fc.tuple(
    few,
    fc.array(fc.oneof(fc.integer(), fc.constant(Number.NaN)), { minLength: 2, maxLength: 2 }),
    fc.integer({ min: 0, max: 3 }),
  ),
  {
    maxLength: 30,
  },
);

test.prop([fc.array(rowsOfFew, { maxLength: 4 }), fc.boolean()], { numRuns: 1000 })(
  'a store in which the last one wins holds every number of a frame',
  (tables, idField) => {
    const encoder = createEncoder({ idField });
    const store = new Map<string, number | string>();
    let sent = 0;
    for (const [i, rows] of tables.entries()) {
      const given = table({
        measurement: `m${i}`,
        columns: ['v', 'w'],
        rows: rows.map(([labels, values]) => [Object.entries(labels) as LabelPair[], values]),
      });
      given.timesMs.set(rows.map(([, , ms]) => T0 + ms));
      for (const { text = '', samples } of encoder.lines(given)) {
        const { measurement, tags, fields, time } = parseLine(text, 'single');
        for (const [field, value] of fields) {
          if (field !== 'id') store.set(JSON.stringify([measurement, tags, field, time]), value);
        }
        sent += samples;
      }
    }
    expect(store.size).toBe(sent);
  },
);
