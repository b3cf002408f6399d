/**
 * The agent as deploy/compose.yaml runs it: in a container of its own, not root, without capabilities, read-only, the host's /proc and
 * /sys under /host. With the host's cgroup namespace and with its own it shows the numbers that are seen from outside.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { FAMILIES } from '../../../src/catalog/index.ts';
import { burn, transfer } from '../../support/containers.ts';
import type { Engine } from '../../support/engine.ts';
import { MAIN_PATH, makeProgramImage, NODE_PATH, PROGRAM_IMAGE } from '../../support/programimage.ts';
import { waitFor } from '../../support/wait.ts';
import { samplesOf, valueIn } from '../exposition.ts';
import { PATIENCE_MS } from '../plimsoll.ts';
import { everySeries } from '../sidebyside.ts';
import type { Stage } from '../stage.ts';

const ENVIRONMENT = {
  PLIMSOLL_AGENT_PROC: '/host/proc',
  PLIMSOLL_AGENT_SYS: '/host/sys',
  PLIMSOLL_AGENT_FILESYSTEM_ENABLED: 'false',
  PLIMSOLL_AGENT_INTERVAL: '2s',
  PLIMSOLL_AGENT_TIMESTAMPS: 'true',
};

/** What is on by default and needs no more rights: the size of layers does. */
const SHOWN = new Set(
  FAMILIES.filter(({ byDefault, name }) => byDefault && name !== 'filesystem').flatMap(({ columns }) =>
    columns.map(({ metric }) => metric),
  ),
);

export async function inside(stage: Stage): Promise<void> {
  const { docker } = stage;
  // Nobody else is to look at the same files meanwhile.
  await stage.stop();
  await makeProgramImage(docker, stage.checkout);
  await burn(docker, { name: 'burner', cores: 0.1 });
  const limits = ['--memory', '64m', '--memory-swap', '96m', '--pids-limit', '50'];
  await docker.run({ name: 'limited', flags: limits, script: 'sleep 100000 & wait' });
  await (await transfer(docker, { mebibytes: 1 })).done();
  await docker.run({ name: 'hostnet', flags: ['--network', 'host'], script: 'sleep 100000 & wait' });
  for (const namespace of ['host', 'private'] as const) {
    const page = await startInside(docker, namespace);
    await seenFromInside(stage, namespace, page);
    await docker.remove('inside');
  }
  await docker.remove();
  await docker.docker('rmi', PROGRAM_IMAGE);
}

/** Starts the agent in a container called `inside`; the answer asks for its page, over the container's own loopback. */
async function startInside(docker: Engine, namespace: 'host' | 'private'): Promise<() => Promise<string>> {
  await docker.docker(
    ...['run', '-d', '--name', 'inside', '--cgroupns', namespace],
    ...['--user', '1000', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges:true', '--read-only'],
    ...['--group-add', String(statSync(docker.socket).gid)],
    ...Object.entries(ENVIRONMENT).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
    ...['-v', '/proc:/host/proc:ro', '-v', '/sys:/host/sys:ro', '-v', `${docker.socket}:/var/run/docker.sock:ro`],
    ...[PROGRAM_IMAGE, NODE_PATH, MAIN_PATH, 'agent'],
  );
  const pid = await docker.field('inside', '.State.Pid');
  const fetching = ['busybox', 'wget', '-q', '-O', '-', 'http://127.0.0.1:9641/metrics'];
  const page = async (): Promise<string> =>
    execFileSync('nsenter', ['-t', pid, '-n', ...fetching], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const hasAll = async (): Promise<boolean> =>
    valueIn(samplesOf(await page()), 'container_last_seen', { name: 'burner' }) !== undefined;
  try {
    await waitFor(hasAll, { timeoutMs: PATIENCE_MS, everyMs: 500, what: 'the agent inside to answer' });
  } catch (error) {
    throw new Error(await docker.docker('logs', 'inside'), { cause: error });
  }
  return page;
}

async function seenFromInside(
  { docker, report }: Stage,
  namespace: string,
  page: () => Promise<string>,
): Promise<void> {
  const what = `inside, cgroup namespace ${namespace}`;
  const samples = samplesOf(await page());
  const down = samples.filter(({ metric, value }) => /^plimsoll_(source|engine)_up$/.test(metric) && value !== 1);
  report.same(
    `${what}: sources and engines that are down`,
    down.map(({ labels }) => labels.get('source')),
    [],
  );
  const errors = samples.filter(({ metric }) => metric === 'plimsoll_agent_read_errors_total');
  report.same(`${what}: failed readings`, errors.length, 0);
  const id = await docker.field('inside', '.Id');
  const own = samples.find(
    ({ metric, labels }) => metric === 'container_memory_rss' && labels.get('name') === 'inside',
  );
  report.same(`${what}: its own path`, own?.labels.get('id'), `/system.slice/docker-${id}.scope`);
  const memory = Number(/^MemTotal: +(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
  report.within(`${what}: memory of the machine`, valueIn(samples, 'machine_memory_bytes'), [memory, memory]);
  await everySeries(report, {
    what,
    engine: docker,
    page,
    containers: 5,
    // The agent's own numbers do not stand still.
    isCompared: (metric, name) => SHOWN.has(metric) && name !== 'inside',
  });
}
