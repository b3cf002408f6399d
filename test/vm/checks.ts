/**
 * The live truths on cgroup v2, inside the emulated machine: containers with known behaviour run, and what the program exposes is
 * compared with the kernel's files read just before and just after, and with arithmetic. Usage: checks.js <checkout> <result.json>
 * [parts].
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { burn, oomChild, transfer, writer } from '../support/containers.ts';
import { type Engine, engineAt, makeImage, type Running } from '../support/engine.ts';
import { waitFor } from '../support/wait.ts';
import { type Sample, valueIn } from './exposition.ts';
import { type Behaviour, type Fact, factsOf } from './kernel.ts';
import { type Plimsoll, startPlimsoll, TICK_MS } from './plimsoll.ts';

interface Check {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  readonly ok: boolean;
}

const checks: Check[] = [];
const PATIENCE_MS = 180_000;

function check(what: string, { expected, found, ok }: Omit<Check, 'what'>): void {
  checks.push({ what, expected, found, ok });
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}: expected ${expected}, found ${found}`);
}

function within(what: string, value: number | undefined, [low, high]: readonly [number, number]): void {
  const ok = value !== undefined && value >= low && value <= high;
  check(what, {
    expected: `${round(low)} to ${round(high)}`,
    found: value === undefined ? 'nothing' : round(value),
    ok,
  });
}

function round(value: number): string {
  return String(Math.round(value * 1e6) / 1e6);
}

/** Every number of a container against the kernel's files read before and after the agent's own reading. */
async function sideBySide(plimsoll: Plimsoll, container: Running, only?: Behaviour): Promise<void> {
  const read = (): Fact[] => factsOf(container).filter((fact) => only === undefined || fact.behaviour === only);
  const before = read();
  const samples = await plimsoll.after(container.name);
  const after = read();
  for (const file of new Set(before.map((fact) => fact.file))) {
    const off = before.flatMap((fact, i) =>
      fact.file === file ? (difference(samples, container, [fact, after[i]]) ?? []) : [],
    );
    const count = before.filter((fact) => fact.file === file).length;
    const found = off.length === 0 ? 'so' : off.join('; ');
    check(`${container.name}: ${file}`, {
      expected: `${count} numbers as the kernel has them`,
      found,
      ok: off.length === 0,
    });
  }
}

/** What is wrong with one number, or undefined. */
function difference(
  samples: readonly Sample[],
  { name }: Running,
  [first, last]: readonly [Fact, Fact | undefined],
): string | undefined {
  const value = valueIn(samples, first.metric, { name, ...first.labels });
  const end = last?.metric === first.metric ? last.value : first.value;
  if (value === undefined) return `no ${first.metric}`;
  // A level that moved between the two readings may have been anywhere.
  if (first.behaviour === 'level' && first.value !== end) return undefined;
  const fits = value >= first.value - 1e-9 && value <= end + 1e-9;
  return fits ? undefined : `${first.metric} ${value} not in ${first.value} to ${end}`;
}

async function throttling(engine: Engine, plimsoll: Plimsoll): Promise<void> {
  const container = await burn(engine, { name: 'burn', cores: 0.2 });
  const first = await plimsoll.after('burn');
  within('burn: limit in cores', valueIn(first, 'container_spec_cpu_limit_cores', { name: 'burn' }), [0.2, 0.2]);
  within('burn: quota in microseconds', valueIn(first, 'container_spec_cpu_quota', { name: 'burn' }), [20_000, 20_000]);
  await sideBySide(plimsoll, container);
  const used = valueIn(first, 'container_cpu_usage_seconds_total', { name: 'burn' }) ?? Number.NaN;
  const periods = valueIn(first, 'container_cpu_cfs_periods_total', { name: 'burn' }) ?? Number.NaN;
  const later = await waitFor(
    async () => {
      const samples = await plimsoll.after('burn');
      return (valueIn(samples, 'container_cpu_cfs_periods_total', { name: 'burn' }) ?? 0) - periods >= 50 && samples;
    },
    { timeoutMs: PATIENCE_MS, what: '50 periods of burning' },
  );
  const increase = (metric: string, from: number): number =>
    (valueIn(later, metric, { name: 'burn' }) ?? Number.NaN) - from;
  // 0.02 s of CPU in each period of 0.1 s; what is used beyond it in one period is taken off the next.
  const cores =
    increase('container_cpu_usage_seconds_total', used) / (increase('container_cpu_cfs_periods_total', periods) * 0.1);
  within('burn: cores used, by periods', cores, [0.16, 0.24]);
}

async function io(engine: Engine, plimsoll: Plimsoll): Promise<void> {
  const container = await writer(engine, { name: 'writer', mebibytes: 8 });
  await container.done();
  const samples = await plimsoll.after('writer');
  const bytes = valueIn(samples, 'container_fs_writes_bytes_total', { name: 'writer', device: '/dev/vda' });
  within('writer: bytes on /dev/vda', bytes, [container.bytes, container.bytes + 1024 * 1024]);
  await sideBySide(plimsoll, container);
}

async function network(engine: Engine, plimsoll: Plimsoll): Promise<void> {
  const { sender, receiver, bytes, done } = await transfer(engine, { name: 'net', mebibytes: 4 });
  await done();
  const samples = await plimsoll.after(receiver.name);
  const received = valueIn(samples, 'container_network_receive_bytes_total', {
    name: receiver.name,
    interface: 'eth0',
  });
  within('net: bytes received', received, [bytes, bytes * 1.06]);
  await sideBySide(plimsoll, sender);
  await sideBySide(plimsoll, receiver);
}

async function childKilled(engine: Engine, plimsoll: Plimsoll): Promise<void> {
  const container = await oomChild(engine, { name: 'oomchild', everyMs: 3000 });
  const kills = (samples: readonly Sample[]): number =>
    valueIn(samples, 'container_oom_events_total', { name: 'oomchild' }) ?? 0;
  const samples = await waitFor(
    async () => {
      const now = await plimsoll.after('oomchild');
      return kills(now) >= 2 && now;
    },
    { timeoutMs: PATIENCE_MS, what: 'two OOM kills' },
  );
  within('oomchild: OOM kills', kills(samples), [2, 1000]);
  within(
    'oomchild: still running',
    valueIn(samples, 'container_state', { name: 'oomchild', state: 'running' }),
    [1, 1],
  );
  // Its memory and its processes come and go in between the readings: only what grows can be compared.
  await sideBySide(plimsoll, container, 'up');
}

/**
 * Its own last reading of its cgroup stands in its log; what it did is in its service's totals, and how it ended is known. With the systemd
 * driver, systemd removes a scope at the same notice that tells the agent of its end, and is often first: what then counts is
 * the last of the readings that a young container gets every quarter of a second.
 */
async function twoSeconds(engine: Engine, plimsoll: Plimsoll): Promise<void> {
  await engine.remove();
  for (const name of ['short1', 'short2']) await oneShort(engine, plimsoll, name);
}

async function oneShort(engine: Engine, plimsoll: Plimsoll, name: string): Promise<void> {
  const labels = ['project=vm', `service=${name}`].flatMap((label) => ['--label', `com.docker.compose.${label}`]);
  const script = 'timeout 1 sh -c "while :; do :; done"; sleep 1; cat /sys/fs/cgroup/cpu.stat; exit 7';
  const { id } = await engine.run({ name, flags: labels, script });
  await engine.docker('wait', id);
  const used = Number(/usage_usec (\d+)/.exec(await engine.docker('logs', id))?.[1]) / 1e6;
  const wanted = { project: 'vm', service: name };
  let total: number | undefined;
  // Its window closes some seconds after its end.
  await waitFor(
    async () => {
      total = valueIn(await plimsoll.collector(), 'service_cpu_usage_seconds_total', wanted);
      return (total ?? 0) >= used;
    },
    { timeoutMs: 60_000, everyMs: 500 },
  ).catch(() => undefined);
  within(`${name}: CPU seconds in its service`, total, [used - 0.3, used + 1]);
  const samples = await waitFor(
    async () => {
      const now = await plimsoll.agent();
      return valueIn(now, 'container_exit_code', { name }) !== undefined && now;
    },
    { timeoutMs: PATIENCE_MS, everyMs: 500, what: 'the exit code' },
  );
  within(`${name}: exit code`, valueIn(samples, 'container_exit_code', { name }), [7, 7]);
}

async function engineRestarted(engine: Engine, plimsoll: Plimsoll): Promise<void> {
  await engine.run({ name: 'ended', script: 'while :; do sleep 1; done' });
  await plimsoll.after('ended');
  execFileSync('systemctl', ['restart', 'docker'], { stdio: 'inherit' });
  const container = await engine.run({ name: 'reborn', script: 'sleep 100000 & wait' });
  const samples = await plimsoll.after('reborn');
  within(
    'docker restarted: a new container has its name',
    valueIn(samples, 'container_state', { name: 'reborn', state: 'running' }),
    [1, 1],
  );
  await waitFor(async () => valueIn(await plimsoll.agent(), 'plimsoll_source_up', { source: 'docker' }) === 1, {
    timeoutMs: PATIENCE_MS,
    what: 'the source to be up',
  });
  const now = await plimsoll.agent();
  within(
    'docker restarted: one that it ended exposes no CPU',
    now.filter((s) => s.labels.get('name') === 'ended' && s.metric.startsWith('container_cpu_')).length,
    [0, 0],
  );
  await sideBySide(plimsoll, container);
}

const PARTS = [throttling, io, network, childKilled, twoSeconds, engineRestarted];

async function main(checkout: string, result: string, names: readonly string[]): Promise<void> {
  const engine = engineAt('/var/run/docker.sock');
  const versions = `Linux ${execFileSync('uname', ['-r']).toString().trim()}, Docker ${await engine.docker('version', '--format', '{{.Server.Version}}')}`;
  const about = `${versions}, ${await engine.docker('info', '--format', 'cgroup v{{.CgroupVersion}} ({{.CgroupDriver}})')}, Node ${process.version}; a tick every ${TICK_MS / 1000} s`;
  const wanted = PARTS.filter((part) => names.length === 0 || names.includes(part.name));
  await makeImage(engine);
  const plimsoll = await startPlimsoll(checkout);
  for (const part of wanted) {
    try {
      await part(engine, plimsoll);
    } catch (error) {
      check(part.name, {
        expected: 'to be checked',
        found: error instanceof Error ? error.message : String(error),
        ok: false,
      });
    }
    writeFileSync(result, JSON.stringify({ about, checks }));
  }
  await plimsoll.stop();
}

const [checkout = '/checkout', result = '/out/result.json', ...names] = process.argv.slice(2);
await main(checkout, result, names);
