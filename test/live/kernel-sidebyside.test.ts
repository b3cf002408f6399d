/**
 * The agent side by side with the kernel: all families on, a dozen containers of different kinds, and every series of every container
 * compared with what this test reads from the same files itself, just before and just after the agent did.
 */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { FAMILIES } from '../../src/catalog/index.ts';
import { burn, diskOf, killed, oomChild, shortLived, transfer } from '../support/containers.ts';
import { engineAt, IMAGE } from '../support/engine.ts';
import { V2 } from '../support/kernel.ts';
import { type Program, startProgram } from '../support/program.ts';
import { compareWithKernel } from '../support/sidebyside.ts';

const engine = engineAt(inject('dockerSocket'));
const STAY = 'trap "exit 0" TERM; sleep 100000 & wait';

/** Series that the test cannot read side by side, and why. */
const NOT_COMPARED: readonly (readonly [why: string, is: (metric: string, name: string) => boolean])[] = [
  ['it is the time of the reading itself', (metric) => metric === 'container_last_seen'],
  [
    'their threads come and go: the agent adds up what it saw of them, and nobody else has seen the same',
    (metric, name) =>
      metric.startsWith('container_cpu_schedstat_') && ['oomchild', 'forker', 'writer', 'checked'].includes(name),
  ],
  [
    'what threads do at a moment is over at the next, but where they sleep or burn for good',
    (metric, name) => metric === 'container_tasks_state' && /^(oomchild|forker|writer|checked|net-)/.test(name),
  ],
  ['the disk is shared with all that runs on this machine', (metric) => metric === 'container_fs_inodes_free'],
];

/** Families of which no container has a series: those of the machine, and what this kernel does not mount. */
const NO_SERIES = FAMILIES.map(({ name }) => name).filter(
  (name) =>
    /^(disk|machine.*|topology)$/.test(name) || (name === 'hugetlb' && !V2 && !existsSync('/sys/fs/cgroup/hugetlb')),
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

test('every series of every container is what the kernel’s files say before and after', async () => {
  const compared = await compareWithKernel({
    engine,
    page: () => program.metrics('agent'),
    isCompared: (metric, name) => !NOT_COMPARED.some(([, is]) => is(metric, name)),
  });
  const { series, containers, rounds } = compared;
  console.log(`${series} series of ${containers.size} containers compared with the kernel in ${rounds} rounds`);
  const others = FAMILIES.filter(({ columns }) => !columns.some(({ metric }) => compared.metrics.has(metric)));
  expect(others.map(({ name }) => name)).toEqual(NO_SERIES);
});
