/**
 * Containers of every kind that a dashboard must be able to show: services of Compose and Swarm, pods, with and without limits, healthy
 * and not, that wait, burn, are killed, start again and again, and have ended.
 */
import { ADDRESS, burn, diskOf, oomChild } from './containers.ts';
import type { Engine, Running } from './engine.ts';
import { serviceLabels } from './stage.ts';

export const MIB = 1024 * 1024;
const SLEEP = 'sleep 100000';

/** Who of them runs, who has ended, and who is what. */
export const RUNNING = [
  'burner',
  'holder',
  'leaky',
  'pod-app',
  'receiver',
  'sender',
  'sick',
  'swarmed',
  'well',
  'writer',
];
export const ENDED = ['ended'];
export const SERVICES = ['flaky', 'leaky', 'stack_api', 'store', 'stream', 'web', 'worker', 'writer'];
/** Is running or between two runs. */
export const RESTARTER = 'restarter';
export const QUOTA = 0.2;
export const HOLDER_LIMIT = 64 * MIB;
export const HELD = 24 * MIB;
export const THREADS_LIMIT = 50;
export const FAILED_WITH = 3;

const labels = (all: Readonly<Record<string, string>>): string[] =>
  Object.entries(all).flatMap(([name, value]) => ['--label', `${name}=${value}`]);

/** All at once: on a busy machine each takes seconds. */
export async function startZoo(engine: Engine): Promise<Record<'burner', Running>> {
  const [burner] = await Promise.all([
    burn(engine, { name: 'burner', cores: QUOTA, flags: serviceLabels('shop', 'worker') }),
    engine.run({
      name: 'holder',
      flags: [...serviceLabels('shop', 'store'), '--memory', '64m', '--pids-limit', String(THREADS_LIMIT)],
      script: `dd if=/dev/zero of=/dev/shm/held bs=1M count=24; ${SLEEP}`,
    }),
    oomChild(engine, { name: 'leaky', flags: serviceLabels('shop', 'leaky') }),
    startTraffic(engine),
    startWriter(engine),
    startChecked(engine),
    startOthers(engine),
    startEnding(engine),
  ]);
  return { burner };
}

async function startTraffic(engine: Engine): Promise<void> {
  const service = serviceLabels('traffic', 'stream');
  await engine.run({ name: 'receiver', flags: service, script: `${SLEEP} | nc -l -p 7000 >/dev/null` });
  const address = await engine.field('receiver', ADDRESS);
  const stream = 'while :; do head -c 65536 /dev/zero; sleep 0.2; done';
  await engine.run({
    name: 'sender',
    flags: service,
    script: `until ${stream} | nc ${address} 7000; do sleep 0.1; done`,
  });
}

/** The limit is there because a v1 kernel counts block io only where there is some. */
async function startWriter(engine: Engine): Promise<void> {
  const disk = await diskOf(engine);
  const limits = ['read', 'write'].flatMap((way) => [`--device-${way}-bps`, `/dev/${disk}:1000gb`]);
  const copy = 'dd if=/dev/zero of=/tmp/f bs=64k count=4 oflag=direct; dd if=/tmp/f of=/dev/null bs=64k iflag=direct';
  const flags = [...limits, ...serviceLabels('shop', 'writer')];
  await engine.run({ name: 'writer', flags, script: `while :; do ${copy}; sleep 0.2; done` });
}

async function startChecked(engine: Engine): Promise<void> {
  const flags = (command: string): string[] => [
    ...['--health-cmd', command, '--health-interval', '1s', '--health-retries', '1'],
    ...serviceLabels('shop', 'web'),
  ];
  await engine.run({ name: 'well', flags: flags('true'), script: SLEEP });
  await engine.run({ name: 'sick', flags: flags('false'), script: SLEEP });
}

async function startOthers(engine: Engine): Promise<void> {
  const stack = labels({ 'com.docker.stack.namespace': 'stack', 'com.docker.swarm.service.name': 'stack_api' });
  await engine.run({ name: 'swarmed', flags: stack, script: SLEEP });
  const pod = labels({
    'io.kubernetes.pod.name': 'web-0',
    'io.kubernetes.pod.namespace': 'prod',
    'io.kubernetes.container.name': 'app',
  });
  const script = 'while :; do :; done';
  await engine.run({ name: 'pod-app', flags: [...pod, '--cpus', '0.1', '--memory', '64m'], script });
}

async function startEnding(engine: Engine): Promise<void> {
  const flags = ['--restart', 'always', ...serviceLabels('shop', 'flaky')];
  await engine.run({ name: RESTARTER, flags, script: 'sleep 1; exit 1' });
  const { id } = await engine.run({ name: 'ended', script: `exit ${FAILED_WITH}` });
  await engine.docker('wait', id);
}
