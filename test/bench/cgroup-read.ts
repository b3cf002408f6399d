/**
 * What reading cgroup files costs: real cgroups made here, a hundred of them, read with the default families. Prints the median
 * and the worst of many ticks, per tick and per cgroup; run as root on its own: `node dist-bench/test/bench/cgroup-read.js [cgroups]`.
 */
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { findMounts } from '../../agents/cgroup/mounts.ts';
import { createCgroupSource } from '../../agents/cgroup/source.ts';
import type { Container } from '../../agents/container.ts';
import { descriptorsKept } from '../../agents/kernel/files.ts';
import { FAMILIES } from '../../src/catalog/index.ts';
import { silent } from '../../src/log.ts';
import { labels } from '../../src/model/labels.ts';
import { countSamples } from '../../src/model/table.ts';
import { breathe, systemClock } from '../../src/run/clock.ts';

const TICKS = 200;

function container(name: string, controllers: Iterable<string>): Container {
  const path = `/${name}`;
  return {
    id: name,
    name,
    entity: { key: name, kind: 'container', startMs: 1, labels: labels([['name', name]]) },
    state: 'running',
    pid: 1,
    cgroup: { unified: path, controllers: new Map([...controllers].map((controller) => [controller, path])) },
    ownNetwork: true,
    cpuShares: 0,
    details: undefined,
  };
}

async function measure(count: number): Promise<void> {
  const mounts = findMounts({ procRoot: '/proc' });
  const tops = [...new Set([mounts.unified, ...mounts.controllers.values()].flatMap((h) => h?.mountPoint ?? []))];
  const names = Array.from({ length: count }, (_, i) => `plimsoll-bench-${process.pid}-${i}`);
  const folders = names.flatMap((name) => tops.map((top) => join(top, name)));
  for (const folder of folders) mkdirSync(folder);
  try {
    const containers = names.map((name) => container(name, mounts.controllers.keys()));
    const families = new Set(FAMILIES.filter((family) => family.byDefault).map((family) => family.name));
    const around = { deviceName: () => undefined, pageBytes: 4096 };
    const options = { mounts, families, around, clock: systemClock, log: silent, breathe };
    const source = createCgroupSource({ ...options, containers: () => containers });
    const tick = { timeMs: 0, signal: new AbortController().signal };
    const samples = (await source.read(tick)).reduce((sum, table) => sum + countSamples(table), 0);
    const took: number[] = [];
    const before = process.cpuUsage();
    for (let i = 0; i < TICKS; i++) {
      const start = performance.now();
      await source.read(tick);
      took.push(performance.now() - start);
    }
    const cpu = process.cpuUsage(before);
    took.sort((a, b) => a - b);
    const median = took[TICKS / 2] as number;
    const files = descriptorsKept();
    console.log(`${mounts.version}, ${count} cgroups, ${files} files kept open, ${samples} samples`);
    console.log(`tick: median ${median.toFixed(2)} ms, worst ${(took.at(-1) as number).toFixed(2)} ms`);
    console.log(
      `per cgroup ${((median * 1000) / count).toFixed(1)} µs, per file ${((median * 1000) / files).toFixed(2)} µs`,
    );
    const cpuMs = (cpu.user + cpu.system) / 1000 / TICKS;
    console.log(`CPU per tick ${cpuMs.toFixed(2)} ms: ${(cpuMs / 100).toFixed(3)} % of a core at a tick every 10 s`);
    await source.close();
  } finally {
    for (const folder of folders) rmdirSync(folder);
  }
}

await measure(Number(process.argv[2] ?? 100));
