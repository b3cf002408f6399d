/**
 * Both recorded hosts through the whole program, agent and collector, against goldens: the agent's page at each of the three moments,
 * the collector's page of the window each moment lies in, and the line protocol of all three windows. The goldens' values are checked
 * against the recorded files by a calculation that shares no code with the program: see hosts/README.md.
 */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Aggregator, createAggregator } from '../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS } from '../../collector/aggregate/options.ts';
import { createEncoder } from '../../collector/sinks/influx/line.ts';
import { FAMILIES } from '../../src/catalog/index.ts';
import { renderText } from '../../src/exposition/text.ts';
import type { Batch, Frame } from '../../src/model/batch.ts';
import type { Table } from '../../src/model/table.ts';
import type { HostVersion, Moment } from '../support/fixture.ts';
import { parsePromText } from '../support/promtext.ts';
import { batchAt, NOT_RECORDED, SWITCHED_ON } from '../support/recordedagent.ts';

const MOMENTS: readonly Moment[] = ['t0', 't1', 't2'];

/** Compares with a golden file, or writes it when asked to, which a CI never is. */
function expectGolden(name: string, text: string): void {
  const file = fileURLToPath(new URL(`hosts/${name}`, import.meta.url));
  if (process.env.UPDATE_GOLDEN === '1' && !process.env.CI) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(existsSync(file), `${file} is missing: UPDATE_GOLDEN=1 writes it`).toBe(true);
  // Line by line: a difference of a whole page cannot be read.
  expect(text.split('\n')).toEqual(readFileSync(file, 'utf8').split('\n'));
}

function page(tables: readonly Table[]): string {
  const text = Buffer.concat([...renderText(tables, { format: 'text', timestamps: false })]).toString('utf8');
  parsePromText(text, 'text');
  return text;
}

/** Each moment lies in a window of its own; the last of them is closed because nothing follows. */
async function framesOf(batches: readonly Batch[]): Promise<Frame[]> {
  const aggregator: Aggregator = createAggregator({ ...AGGREGATOR_DEFAULTS, cluster: 'recorded' });
  for (const batch of batches) aggregator.push(batch, batch.timeMs);
  const frames = await aggregator.flush(() => Promise.resolve());
  const { received, processed } = aggregator.stats();
  expect(processed).toBe(received);
  return frames;
}

function lineProtocol(frames: readonly Frame[]): string {
  const encoder = createEncoder({ idField: true });
  const lines = frames.flatMap(({ tables }) => tables.flatMap((table) => [...encoder.lines(table)]));
  return lines.map(({ text }) => `${text}\n`).join('');
}

/** Runs hosts/check, which shares no code with the program. */
function checked(
  version: HostVersion,
  goldens: readonly string[] | string = [],
): Promise<{ code: number; out: string; differences: string[] }> {
  const program = fileURLToPath(new URL('hosts/check/main.mjs', import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [program, version, ...[goldens].flat()], (error, out, problems) => {
      resolve({ code: Number(error?.code ?? 0), out, differences: problems.split('\n').filter(Boolean) });
    });
  });
}

describe.each(['v1', 'v2'] as const)('recorded host, cgroup %s', async (version: HostVersion) => {
  const batches: Batch[] = [];
  for (const moment of MOMENTS) batches.push(await batchAt(version, moment));
  const frames = await framesOf(batches);

  test.each(MOMENTS.map((moment, i) => [moment, i] as const))('%s: the agent’s page', (moment, i) => {
    expectGolden(`${version}/agent-${moment}.prom`, page(batches[i]!.tables));
  });

  test.each(MOMENTS.map((moment, i) => [moment, i] as const))('%s: the collector’s levels', (moment, i) => {
    const levels = frames[i]!.tables.filter(({ level }) => level !== 'container');
    expectGolden(`${version}/levels-${moment}.prom`, page(levels));
  });

  test('the line protocol of all three windows', () => {
    expect(frames).toHaveLength(MOMENTS.length);
    expectGolden(`${version}/influx.lp`, lineProtocol(frames));
  });

  test('an independent calculation from the recorded files comes to the same values', async () => {
    const { code, out, differences } = await checked(version);
    expect([code, differences]).toEqual([0, []]);
    for (const moment of MOMENTS)
      expect(out).toMatch(new RegExp(`^${version} ${moment}: \\d{3,} series of the agent, \\d{3,} of the levels`, 'm'));
  });

  test('that calculation would notice: a wrong value, a missing series, one too many', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'plimsoll-goldens-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    cpSync(new URL(`hosts/${version}`, import.meta.url), dir, { recursive: true });
    const file = join(dir, 'agent-t1.prom');
    const lines = readFileSync(file, 'utf8').split('\n');
    const at = (start: string): number => lines.findIndex((line) => line.startsWith(start));
    lines[at('machine_load1{')] += '1';
    lines.splice(at('machine_load5{'), 1, 'container_memory_rss{id="/none"} 1');
    writeFileSync(file, lines.join('\n'));
    const { code, differences } = await checked(version, dir);
    expect(code).toBe(1);
    expect(differences).toEqual([
      expect.stringMatching(/^agent-t1.prom: machine_load1 .* it must be /),
      expect.stringMatching(/^agent-t1.prom: machine_load5 .* is missing/),
      expect.stringMatching(/^agent-t1.prom: container_memory_rss .* must not be there/),
    ]);
  });

  test('every family is there, or it is said why not', () => {
    const shown = new Set(batches.flatMap(({ tables }) => tables.map(({ shape }) => shape.name)));
    const absent = FAMILIES.map(({ name }) => name).filter((name) => !shown.has(name));
    // A v1 host without limits on its disks counts no container's block io, and its hugetlb hierarchy was not mounted.
    const unmounted = version === 'v1' ? ['blkio', 'hugetlb'] : [];
    // The other lacks nothing that it would have to say.
    const unsaid = version === 'v2' ? ['machine_absent'] : [];
    expect(absent.sort()).toEqual([...NOT_RECORDED.keys(), ...unmounted, ...unsaid].sort());
    const off = FAMILIES.filter(({ byDefault }) => !byDefault).map(({ name }) => name);
    expect(off.filter((name) => !NOT_RECORDED.has(name)).sort()).toEqual(SWITCHED_ON);
  });
});
