/**
 * The agent as deploy/compose.yaml runs it: in a container of its own, not root, without capabilities, with the host's /proc and /sys
 * under /host and the engine's socket. With the host's cgroup namespace and with its own it shows the numbers that are seen from outside.
 */
import { readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { FAMILIES } from '../../src/catalog/index.ts';
import { burn, transfer } from '../support/containers.ts';
import { engineAt } from '../support/engine.ts';
import { type Page, pageOf } from '../support/page.ts';
import { HEALTH_PATH, MAIN_PATH, makeProgramImage, NODE_PATH, PROGRAM_IMAGE } from '../support/programimage.ts';
import { compareWithKernel } from '../support/sidebyside.ts';
import { waitFor } from '../support/wait.ts';

const engine = engineAt(inject('dockerSocket'));
const STAY = 'trap "exit 0" TERM; sleep 100000 & wait';
const FETCH = `fetch('http://127.0.0.1:9641/metrics').then((r) => r.text()).then((t) => process.stdout.write(t))`;

/** What is on by default and needs no more rights: the size of layers does. */
const SHOWN = new Set(
  FAMILIES.filter(({ byDefault, name }) => byDefault && name !== 'filesystem').flatMap(({ columns }) =>
    columns.map(({ metric }) => metric),
  ),
);

beforeAll(async () => {
  await makeProgramImage(engine);
  await burn(engine, { name: 'burner' });
  await engine.run({
    name: 'limited',
    flags: ['--memory', '64m', '--memory-swap', '96m', '--pids-limit', '50'],
    script: STAY,
  });
  await (await transfer(engine, { mebibytes: 1 })).done();
  await engine.run({ name: 'sharednet', flags: ['--network', 'container:net-sender'], script: STAY });
  await engine.run({ name: 'hostnet', flags: ['--network', 'host'], script: STAY });
}, 120_000);

afterAll(async () => {
  await engine.remove();
  await engine.docker('rmi', PROGRAM_IMAGE);
});

/** Starts the agent in a container called `inside`; the answer asks for its page, from inside too. */
async function startInside(cgroupns: 'host' | 'private'): Promise<() => Promise<string>> {
  const environment = {
    PLIMSOLL_AGENT_PROC: '/host/proc',
    PLIMSOLL_AGENT_SYS: '/host/sys',
    PLIMSOLL_AGENT_FILESYSTEM_ENABLED: 'false',
    PLIMSOLL_AGENT_INTERVAL: '1s',
    PLIMSOLL_AGENT_TIMESTAMPS: 'true',
  };
  await engine.docker(
    ...['run', '-d', '--name', 'inside', '--cgroupns', cgroupns],
    ...['--user', '1000', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges:true', '--read-only'],
    ...['--group-add', String(statSync(engine.socket).gid)],
    ...Object.entries(environment).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
    ...['-v', '/proc:/host/proc:ro', '-v', '/sys:/host/sys:ro', '-v', `${engine.socket}:/var/run/docker.sock:ro`],
    ...[PROGRAM_IMAGE, NODE_PATH, MAIN_PATH, 'agent'],
  );
  const page = () => engine.docker('exec', 'inside', NODE_PATH, '-e', FETCH).then((text) => `${text}\n`);
  try {
    await waitFor(page, { timeoutMs: 30_000, what: 'the agent inside to answer' });
  } catch (error) {
    throw new Error(await engine.docker('logs', 'inside'), { cause: error });
  }
  return page;
}

describe.each(['host', 'private'] as const)('with the cgroup namespace: %s', (cgroupns) => {
  let fetchPage: () => Promise<string>;
  let page: Page;

  beforeAll(async () => {
    fetchPage = await startInside(cgroupns);
    page = pageOf(await fetchPage());
  });
  afterAll(() => engine.remove('inside'));

  test('every source works, and the engine is found', async () => {
    const down = page.all('plimsoll_source_up').filter(({ value }) => value !== 1);
    expect(down).toEqual([]);
    expect(page.sum('plimsoll_engine_up')).toBe(1);
    expect(page.all('plimsoll_agent_read_errors_total')).toEqual([]);
  });

  test('the image’s health check finds it alive', async () => {
    expect(await engine.docker('exec', 'inside', NODE_PATH, HEALTH_PATH)).toBe('ok');
  });

  test('every series of the containers is what the kernel’s files say outside', async () => {
    const { series, containers, rounds } = await compareWithKernel({
      engine,
      page: fetchPage,
      // The agent's own numbers do not stand still; last_seen is the time of the reading.
      isCompared: (metric, name) => SHOWN.has(metric) && name !== 'inside' && metric !== 'container_last_seen',
    });
    console.log(`${cgroupns}: ${series} series compared from inside in ${rounds} rounds`);
    expect([...containers].sort()).toEqual(['burner', 'hostnet', 'limited', 'net-receiver', 'net-sender', 'sharednet']);
  });

  test('its own container is one of them, under the path that the engine gave it', async () => {
    const id = await engine.field('inside', '.Id');
    const outside = page.all('container_memory_rss', { name: 'burner' })[0]?.labels.get('id');
    const burner = await engine.field('burner', '.Id');
    expect(page.all('container_memory_rss', { name: 'inside' }).map(({ labels }) => labels.get('id'))).toEqual([
      outside?.replace(burner, id),
    ]);
  });

  test('without the host’s pid namespace the families of processes are empty, and check says what to do', async () => {
    const families = ['--agent.families', 'process,ulimit,sched'];
    const said = await engine.docker('exec', 'inside', NODE_PATH, MAIN_PATH, 'check', ...families);
    expect(said).toMatch(/^ok {2}source process: nothing; the reason follows/m);
    for (const source of ['process', 'sched']) {
      expect(said).toMatch(new RegExp(`^-- {2}source ${source}: .*pid: host`, 'm'));
    }
  });

  test('the machine is the host, not the container', () => {
    const memory = Number(/^MemTotal: +(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
    expect(page.value('machine_memory_bytes')).toBe(memory);
    const boot = Number(/^btime (\d+)/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
    expect(page.value('machine_boot_time_seconds')).toBe(boot);
    const own = page
      .all('container_network_receive_bytes_total', { id: '/' })
      .map(({ labels }) => labels.get('interface'));
    const hosts = [...readFileSync('/proc/1/net/dev', 'utf8').matchAll(/^ *([^:\s]+):/gm)].map(([, name]) => name);
    // Bridges, cables into them, and devices that see the traffic of others a second time are not the machine's own.
    expect(own).toEqual(
      hosts.filter((name = '') => name !== 'lo' && !/^(veth|docker|nerdctl|br-|ifb|dummy)/.test(name)),
    );
  });
});
