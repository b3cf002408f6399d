/** Family `topology` from a sysfs made by hand: two nodes, each with a core of two threads, its own caches and one that all share. */
import { expect, test } from 'vitest';
import { createHardwareSource } from '../../../agents/host/hardware.ts';
import { fakeClock } from '../../support/clock.ts';
import { fakeProc, HOST, readOf, rowsOf } from '../reading.ts';

const CPUS = 'devices/system/cpu';
const NODES = 'devices/system/node';

/** CPU n is thread n of the core of node `n % 2`; CPUs 0 and 2 are one core, 1 and 3 the other. */
function cpu(n: number): Record<string, string> {
  const node = n % 2;
  const core = `${node},${node + 2}`;
  const caches = [
    { level: 1, type: 'Data', size: '32K', shared: core },
    { level: 2, type: 'Unified', size: '1M', shared: core },
    // Of all four CPUs together.
    { level: 3, type: 'Unified', size: '8192K', shared: '0-3' },
  ];
  const files: Record<string, string> = {
    [`${CPUS}/cpu${n}/topology/core_id`]: '0\n',
    [`${CPUS}/cpu${n}/topology/core_cpus_list`]: `${core}\n`,
    [`${CPUS}/cpu${n}/node${node}/cpulist`]: `${core}\n`,
  };
  for (const [i, cache] of caches.entries()) {
    for (const [name, text] of Object.entries({ ...cache, shared_cpu_list: cache.shared })) {
      files[`${CPUS}/cpu${n}/cache/index${i}/${name}`] = `${text}\n`;
    }
  }
  return files;
}

function node(n: number, distance: string): Record<string, string> {
  return {
    [`${NODES}/node${n}/meminfo`]: `Node ${n} MemTotal:        ${(n + 1) * 1000} kB\nNode ${n} MemFree: 1 kB\n`,
    [`${NODES}/node${n}/distance`]: `${distance}\n`,
    [`${NODES}/node${n}/hugepages/hugepages-2048kB/nr_hugepages`]: `${n * 7}\n`,
  };
}

/** The rows that have a number of that name. */
async function rowsWith(files: Record<string, string>, key: string): Promise<object[]> {
  const source = createHardwareSource({ sysRoot: fakeProc(files), entity: HOST, clock: fakeClock() });
  return rowsOf(await readOf(source), 'topology').filter((row) => key in row);
}

const TWO_NODES = { ...cpu(0), ...cpu(1), ...cpu(2), ...cpu(3), ...node(0, '10 21'), ...node(2, '21 10') };

test('each thread is one of two', async () => {
  const rows = await rowsWith(TWO_NODES, 'siblings');
  const of = (node_id: string, thread_id: string) => ({ of: '/', node_id, core_id: '0', thread_id, siblings: 2 });
  expect(rows).toEqual([of('0', '0'), of('1', '1'), of('0', '2'), of('1', '3')]);
});

test('a cache counts once: a core’s own there, one that cores share at the node of the first', async () => {
  const own = (node_id: string, type: string, level: string, cache: number) => ({
    ...{ of: '/', node_id, core_id: '0', type, level },
    cache,
  });
  expect(await rowsWith(TWO_NODES, 'cache')).toEqual([
    own('0', 'Data', '1', 32 * 1024),
    own('0', 'Unified', '2', 1024 ** 2),
    { of: '/', node_id: '0', type: 'Unified', level: '3', cache: 8 * 1024 ** 2 },
    own('1', 'Data', '1', 32 * 1024),
    own('1', 'Unified', '2', 1024 ** 2),
  ]);
});

test('memory, huge pages and distances of nodes, whose numbers may have gaps', async () => {
  expect(await rowsWith(TWO_NODES, 'nodeMemory')).toEqual([
    { of: '/', node_id: '0', nodeMemory: 1000 * 1024 },
    { of: '/', node_id: '2', nodeMemory: 3000 * 1024 },
  ]);
  expect(await rowsWith(TWO_NODES, 'hugepages')).toEqual([
    { of: '/', node_id: '0', page_size: '2048', hugepages: 0 },
    { of: '/', node_id: '2', page_size: '2048', hugepages: 14 },
  ]);
  const to = (node_id: string, target_node_id: string, distance: number) => ({
    ...{ of: '/', node_id, target_node_id },
    distance,
  });
  expect(await rowsWith(TWO_NODES, 'distance')).toEqual([
    to('0', '0', 10),
    to('0', '2', 21),
    to('2', '0', 21),
    to('2', '2', 10),
  ]);
});

test('memory modules by type; an empty socket is none', async () => {
  const dimm = (n: number, size: number, type: string) => ({
    [`devices/system/edac/mc/mc0/dimm${n}/size`]: `${size}\n`,
    [`devices/system/edac/mc/mc0/dimm${n}/dimm_mem_type`]: `${type}\n`,
  });
  const files = {
    ...dimm(0, 16384, 'Registered-DDR4'),
    ...dimm(1, 16384, 'Registered-DDR4'),
    ...dimm(2, 0, 'Unknown'),
  };
  const of = { of: '/', type: 'Registered-DDR4' };
  expect(await rowsWith(files, 'dimms')).toEqual([{ ...of, dimms: 2 }]);
  expect(await rowsWith(files, 'dimmBytes')).toEqual([{ ...of, dimmBytes: 32 * 1024 ** 3 }]);
});

test('a machine that tells nothing has no rows', async () => {
  expect(await rowsWith({ 'kernel/x': '' }, 'of')).toEqual([]);
});
