/** The page as a scraper gets it: whole, compressed or not, rendered once for a snapshot however many scrape it. */
import { execFileSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createExposition, type PageRequest } from '../../../src/exposition/page.ts';
import type { SelfFamily } from '../../../src/exposition/self.ts';
import { parsePromText } from '../../support/promtext.ts';
import { table } from '../../support/tables.ts';

const self = (value: number): SelfFamily[] => [
  { name: 'plimsoll_up', type: 'gauge', help: 'Up.', samples: [{ name: 'plimsoll_up', labels: [], value }] },
];

/** About 800 KB, so that a page is many pieces. */
function snapshot(rows = 4000) {
  return [
    table({
      columns: ['m', 'n'],
      rows: Array.from({ length: rows }, (_, i) => [
        { id: `/docker/${i}`, image: `registry.example.org/${'x'.repeat(60)}` },
        [i, i / 8],
      ]),
    }),
  ];
}

const request = (given: Partial<PageRequest>): PageRequest => ({
  tables: [],
  self: self(1),
  format: 'text',
  gzip: false,
  timestamps: false,
  ...given,
});

async function read(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

describe.each(['text', 'openmetrics'] as const)('%s', (format) => {
  test('tables and our own metrics make one page, compressed the same', async () => {
    const exposition = createExposition();
    const tables = snapshot();
    const plain = await read(exposition.render(request({ tables, format })));
    const families = parsePromText(plain.toString(), format);
    expect([...families.keys()]).toEqual(['m', 'n', 'plimsoll_up']);
    expect(families.get('m')?.samples).toHaveLength(4000);
    const packed = await read(exposition.render(request({ tables, format, gzip: true })));
    expect(gunzipSync(packed).equals(plain)).toBe(true);
    expect(packed.length).toBeLessThan(plain.length / 8);
  });

  test('no tables yet', async () => {
    const page = await read(createExposition().render(request({ format })));
    expect([...parsePromText(page.toString(), format).keys()]).toEqual(['plimsoll_up']);
    const packed = await read(createExposition().render(request({ format, gzip: true })));
    expect(gunzipSync(packed).equals(page)).toBe(true);
  });
});

test('gzip(1) finds one sound member', async () => {
  const packed = await read(createExposition().render(request({ tables: snapshot(), gzip: true })));
  expect(execFileSync('gzip', ['-t'], { input: packed }).toString()).toBe('');
});

test('a snapshot is rendered once for each way of asking, our own metrics each time', async () => {
  const exposition = createExposition();
  const tables = snapshot(10);
  for (const value of [1, 2, 3]) {
    const page = await read(exposition.render(request({ tables, self: self(value) })));
    expect(page.toString()).toContain(`\nplimsoll_up ${value}\n`);
    const packed = await read(exposition.render(request({ tables, self: self(value), gzip: true })));
    expect(gunzipSync(packed).toString()).toContain(`\nplimsoll_up ${value}\n`);
  }
  expect(exposition.renders).toBe(2);
  await read(exposition.render(request({ tables: snapshot(10) })));
  expect(exposition.renders).toBe(3);
});

test('many at once get the same page, one that leaves half-way costs the others nothing', async () => {
  const exposition = createExposition();
  const tables = snapshot();
  const leaver = (async () => {
    for await (const piece of exposition.render(request({ tables }))) return piece.length;
    return 0;
  })();
  const pages = await Promise.all(Array.from({ length: 5 }, () => read(exposition.render(request({ tables })))));
  expect(await leaver).toBeGreaterThan(0);
  expect(new Set(pages.map(String)).size).toBe(1);
  expect(parsePromText(String(pages[0]), 'text').get('m')?.samples).toHaveLength(4000);
  expect(exposition.renders).toBe(1);
});

test('a new snapshot in the middle of a page does not mix with it', async () => {
  const exposition = createExposition();
  const old = exposition.render(request({ tables: snapshot(4000), gzip: true }));
  const first = (await old.next()).value as Buffer;
  const fresh = await read(exposition.render(request({ tables: snapshot(3), gzip: true })));
  expect(parsePromText(gunzipSync(fresh).toString(), 'text').get('m')?.samples).toHaveLength(3);
  const rest = await read(old);
  const page = gunzipSync(Buffer.concat([first, rest])).toString();
  expect(parsePromText(page, 'text').get('m')?.samples).toHaveLength(4000);
});

test('a large snapshot as plain text is rendered for the first who asks, and once more, kept compressed, for all others', async () => {
  const exposition = createExposition({ maxPlainCells: 100 });
  const tables = snapshot();
  const pages = await Promise.all(Array.from({ length: 4 }, () => read(exposition.render(request({ tables })))));
  const packed = await read(exposition.render(request({ tables, gzip: true })));
  const again = await read(exposition.render(request({ tables })));
  expect(exposition.renders).toBe(2);
  for (const page of [...pages, again]) expect(page.equals(gunzipSync(packed))).toBe(true);
  expect(parsePromText(String(pages[0]), 'text').get('m')?.samples).toHaveLength(4000);
});

test('while a large snapshot is being sent as it is rendered, the next snapshot is not rendered for one reader alone', async () => {
  const exposition = createExposition({ maxPlainCells: 100 });
  const slow = exposition.render(request({ tables: snapshot() }));
  await slow.next();
  const tables = snapshot();
  for (let i = 0; i < 3; i++) await read(exposition.render(request({ tables })));
  expect(exposition.renders).toBe(2);
  await slow.return(undefined);
  await read(exposition.render(request({ tables: snapshot() })));
  await read(exposition.render(request({ tables: snapshot(), gzip: true })));
  expect(exposition.renders).toBe(4);
});

test('a large snapshot that is kept compressed already is not rendered again for plain text', async () => {
  const exposition = createExposition({ maxPlainCells: 100 });
  const tables = snapshot();
  const packed = await read(exposition.render(request({ tables, gzip: true })));
  const page = await read(exposition.render(request({ tables })));
  expect(page.equals(gunzipSync(packed))).toBe(true);
  expect(exposition.renders).toBe(1);
});

test('compressed on this thread or, when it is large, on another one: the same page', async () => {
  const tables = snapshot();
  const [small, large] = await Promise.all(
    [100_000, 100].map((maxPlainCells) =>
      read(createExposition({ maxPlainCells }).render(request({ tables, gzip: true }))),
    ),
  );
  const plain = await read(createExposition().render(request({ tables })));
  for (const packed of [small, large]) expect(gunzipSync(packed as Buffer).equals(plain)).toBe(true);
});

test('a large snapshot as plain text, given up half-way, costs the next one nothing', async () => {
  const exposition = createExposition({ maxPlainCells: 100 });
  const tables = snapshot();
  for await (const piece of exposition.render(request({ tables }))) {
    expect(piece.length).toBeGreaterThan(0);
    break;
  }
  expect(parsePromText(String(await read(exposition.render(request({ tables })))), 'text').size).toBe(3);
});

test('series left out are counted when a snapshot is rendered, not when it is served again', async () => {
  const exposition = createExposition();
  const tables = [
    table({
      columns: ['m'],
      rows: [
        [{ id: 'a' }, [1]],
        [{ id: 'a' }, [2]],
      ],
    }),
  ];
  for (let i = 0; i < 3; i++) await read(exposition.render(request({ tables })));
  expect(exposition.duplicates).toBe(1);
});

test('a family of our own that the tables have too is left out', async () => {
  const tables = [table({ columns: ['plimsoll_up'], rows: [[{ id: 'a' }, [7]]] })];
  const page = await read(createExposition().render(request({ tables })));
  expect(
    parsePromText(page.toString(), 'text')
      .get('plimsoll_up')
      ?.samples.map((s) => s.value),
  ).toEqual([7]);
});

test('a rendering that failed is told to its readers, and made anew for the next', async () => {
  const exposition = createExposition();
  const tables = snapshot(10);
  const broken = tables[0] as { rows: unknown };
  const rows = broken.rows;
  broken.rows = {
    length: 10,
    entries: () => {
      throw new Error('out of order');
    },
  };
  const page = request({ tables });
  await expect(read(exposition.render(page))).rejects.toThrow('out of order');
  await expect(read(exposition.render({ ...page, gzip: true }))).rejects.toThrow('out of order');
  broken.rows = rows;
  expect(parsePromText(String(await read(exposition.render(page))), 'text').get('m')?.samples).toHaveLength(10);
  expect(gunzipSync(await read(exposition.render({ ...page, gzip: true }))).length).toBeGreaterThan(0);
});
