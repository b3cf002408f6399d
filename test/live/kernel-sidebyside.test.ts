/**
 * The agent side by side with the kernel: all families on, a dozen containers of different kinds, and every series of every container
 * compared with what this test reads from the same files itself, just before and just after the agent did. A counter must lie between
 * the two readings, always. A gauge that stood still must be equal; one that moved must lie between; a gauge that moved there and
 * back is looked at again in the next round.
 */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { FAMILIES } from '../../src/catalog/index.ts';
import { isNear, seriesName } from '../scenarios/hosts/check/text.mjs';
import { burn, diskOf, killed, oomChild, shortLived, transfer } from '../support/containers.ts';
import { engineAt, IMAGE } from '../support/engine.ts';
import { V2 } from '../support/kernel.ts';
import { kernelSeries } from '../support/livehost.ts';
import { type Program, startProgram } from '../support/program.ts';
import { parsePromText } from '../support/promtext.ts';
import { waitFor } from '../support/wait.ts';

const engine = engineAt(inject('dockerSocket'));
const STAY = 'trap "exit 0" TERM; sleep 100000 & wait';
const ROUNDS = 10;

/** Series that the test cannot read side by side, and why. */
const NOT_COMPARED: readonly (readonly [why: string, is: (metric: string, name: string) => boolean])[] = [
  ['it is the time of the reading itself', (metric) => metric === 'container_last_seen'],
  [
    'their threads come and go: the agent adds up what it saw of them, and nobody else has seen the same',
    (metric, name) =>
      metric.startsWith('container_cpu_schedstat_') && ['oomchild', 'forker', 'writer', 'checked'].includes(name),
  ],
];

/** Families of which no container has a series: those of the machine, and what this kernel does not mount. */
const NO_SERIES = FAMILIES.map(({ name }) => name).filter(
  (name) => /^(disk|machine.*)$/.test(name) || (name === 'hugetlb' && !V2 && !existsSync('/sys/fs/cgroup/hugetlb')),
);

let program: Program;

beforeAll(async () => {
  await burn(engine, {
    name: 'burner',
    flags: [
      '--cpu-shares',
      '2048',
      '--label',
      'com.docker.compose.project=shop',
      '--label',
      'com.docker.compose.service=burner',
    ],
  });
  await engine.run({
    name: 'holder',
    flags: [
      '--memory',
      '64m',
      '--memory-swap',
      '96m',
      '--memory-reservation',
      '32m',
      '--pids-limit',
      '50',
      '--cpuset-cpus',
      '0',
    ],
    script: `dd if=/dev/zero of=/dev/shm/held bs=1M count=8; dd if=/dev/zero of=/layer bs=64k count=3; ln /layer /link; ${STAY}`,
  });
  await engine.run({
    name: 'writer',
    flags: ['-v', 'sidebyside:/data', '--device-write-bps', `/dev/${await diskOf(engine)}:1000gb`],
    script: 'while :; do dd if=/dev/zero of=/data/file bs=64k count=4 conv=fsync; sleep 0.3; done',
  });
  await (await transfer(engine, { mebibytes: 1 })).done();
  await engine.run({ name: 'hostnet', flags: ['--network', 'host'], script: STAY });
  await engine.run({ name: 'sharednet', flags: ['--network', 'container:net-sender'], script: STAY });
  await engine.run({ name: 'listener', script: `nc -l -p 7001 & nc -u -l -p 7002 & ${STAY}` });
  await engine.run({ name: 'checked', flags: ['--health-cmd', 'true', '--health-interval', '1s'], script: STAY });
  await engine.run({ name: 'forker', script: 'while :; do sleep 0.05; done' });
  await engine.run({ name: 'paused', script: STAY });
  await engine.docker('pause', 'paused');
  await oomChild(engine, { name: 'oomchild' });
  await killed(engine, { name: 'killed' });
  await (await shortLived(engine, { name: 'short' })).ended();
  await engine.docker('create', '--name', 'neverstarted', IMAGE, 'true');
  program = await startProgram({
    command: 'agent',
    config: {
      agent: {
        interval: '1s',
        engines: [`unix://${engine.socket}`],
        families: FAMILIES.filter(({ byDefault }) => !byDefault).map(({ name }) => name),
        filesystem: { interval: '1s', volumes: true },
        timestamps: true,
      },
    },
  });
}, 120_000);

afterAll(async () => {
  await program?.stop();
  await engine.remove();
  await engine.docker('volume', 'rm', '-f', 'sidebyside');
});

interface Shown {
  readonly metric: string;
  readonly name: string;
  readonly counter: boolean;
  readonly value: number;
  readonly timeMs: number;
}

/** The containers' series on the page, once all of them were read after a time. */
async function shownAfter(sinceMs: number): Promise<Map<string, Shown>> {
  return waitFor(
    async () => {
      const shown = new Map<string, Shown>();
      for (const { type, samples } of parsePromText(await program.metrics('agent'), 'text').values()) {
        for (const { name: metric, labels, value, time } of samples) {
          if (!labels.has('name')) continue;
          // Named by its unit, with a suffix that no gauge has: it counts, whatever its type has to be.
          const counter = type === 'counter' || metric.endsWith('failcnt');
          const plain = Object.fromEntries(labels);
          shown.set(seriesName(metric, plain), {
            metric,
            name: plain.name ?? '',
            counter,
            value,
            timeMs: Number(time),
          });
        }
      }
      return [...shown.values()].every(({ timeMs }) => timeMs > sinceMs) && shown.size > 0 && shown;
    },
    { timeoutMs: 20_000, everyMs: 50, what: 'a page that was read after the kernel’s files' },
  );
}

test('every series of every container is what the kernel’s files say before and after', async () => {
  const settled = new Map<string, Shown>();
  let open: string[] = [];
  let rounds = 0;
  do {
    const before = await kernelSeries(engine);
    const shown = await shownAfter(Date.now());
    const after = await kernelSeries(engine);
    open = [];
    for (const name of new Set([...before.keys(), ...shown.keys(), ...after.keys()])) {
      const [low, one, high] = [before.get(name)?.value, shown.get(name), after.get(name)?.value];
      if (one && NOT_COMPARED.some(([, is]) => is(one.metric, one.name))) continue;
      if (!one && settled.has(name)) continue;
      const what = `${name}: kernel ${low}, shown ${one?.value}, kernel ${high}`;
      if (one === undefined || low === undefined || high === undefined) {
        if (!settled.has(name)) open.push(what);
      } else if (isBetween(low, one.value, high)) settled.set(name, one);
      else if (one.counter && high >= low) expect.unreachable(`a counter beyond the kernel’s: ${what}`);
      else if (!settled.has(name)) open.push(what);
    }
    rounds++;
  } while (open.length > 0 && rounds < ROUNDS);
  expect(open).toEqual([]);
  console.log(summary(settled, rounds));
  const compared = new Set([...settled.values()].map(({ metric }) => metric));
  const others = FAMILIES.filter(({ columns }) => !columns.some(({ metric }) => compared.has(metric)));
  expect(others.map(({ name }) => name)).toEqual(NO_SERIES);
});

function isBetween(low: number, value: number, high: number): boolean {
  const [least, most] = [Math.min(low, high), Math.max(low, high)];
  return (value >= least && value <= most) || isNear(value, least) || isNear(value, most);
}

function summary(settled: ReadonlyMap<string, Shown>, rounds: number): string {
  const names = new Set([...settled.values()].map(({ name }) => name));
  return `${settled.size} series of ${names.size} containers compared with the kernel in ${rounds} rounds`;
}
