/** The servers of the harness: they start, answer, keep their data over an outage, and leave nothing behind. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { startDockerd } from '../support/dockerd.ts';
import { fetchText } from '../support/http.ts';
import { startInflux } from '../support/influxdb.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { serverDir } from '../support/servers.ts';
import { startVictoria } from '../support/victoria.ts';
import { waitFor } from '../support/wait.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Whether a process whose command line names the folder is there. */
function runsIn(dir: string): boolean {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.some((pid) => existsSync(`/proc/${pid}/cmdline`) && commandOf(pid).includes(dir));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch (_goneMeanwhile) {
    return '';
  }
}

test('Prometheus scrapes and answers', async () => {
  const first = await startPrometheus();
  stops.push(first.stop);
  const second = await startPrometheus({ scrapes: [{ job: 'other', url: `${first.url}/metrics` }] });
  stops.push(second.stop);
  const up = await waitFor(async () => (await second.query('up{job="other"} == 1'))[0], { timeoutMs: 20_000 });
  expect(up.labels.job).toBe('other');
  await second.stop();
  expect(runsIn(second.dir)).toBe(false);
  expect(existsSync(second.dir)).toBe(false);
});

test('InfluxDB keeps what was written over an outage', async () => {
  const influx = await startInflux({ databases: ['plimsoll'] });
  stops.push(influx.stop);
  const body = 'cpu,host=a value=0.5 1700000000000000000\n';
  await fetchText(`${influx.url}/write?db=plimsoll`, { method: 'POST', body });
  await influx.end();
  await expect(fetchText(`${influx.url}/ping`)).rejects.toThrow();
  await influx.start();
  const [series] = await influx.query('plimsoll', 'SELECT value FROM cpu');
  expect(series?.values).toEqual([[1_700_000_000_000, 0.5]]);
  await expect(influx.query('plimsoll', 'SELECT')).rejects.toThrow();
});

test('VictoriaMetrics takes the v2 write URL and shows what it took', async () => {
  const victoria = await startVictoria();
  stops.push(victoria.stop);
  const now = Date.now();
  await fetchText(`${victoria.url}/api/v2/write?precision=ms`, {
    method: 'POST',
    body: `cpu,host=a value=0.5 ${now}\n`,
  });
  const value = await waitFor(async () => (await victoria.query('cpu_value'))[0]);
  expect(value).toMatchObject({ labels: { host: 'a' }, value: 0.5 });
  const [whole] = await victoria.exported('{__name__="cpu_value"}');
  expect(whole).toMatchObject({ values: [0.5], timestamps: [now] });
});

test('an engine is restarted, killed and started again; its containers and everything else go with it', async () => {
  const dockerd = await startDockerd();
  stops.push(dockerd.stop);
  const { id, pid } = await dockerd.run({ name: 'stays', script: 'sleep 1000' });
  await dockerd.restart();
  expect(await dockerd.field(id, '.State.Running')).toBe('false');
  await dockerd.docker('start', 'stays');
  await dockerd.kill();
  expect(dockerd.pid).toBe(0);
  await dockerd.start();
  await dockerd.docker('version');
  const { pid: last } = await dockerd.run({ name: 'last', script: 'sleep 1000' });
  // Killed with a container running: what the engine can no longer clean up is cleaned up for it.
  await dockerd.kill();
  expect(existsSync(`/proc/${last}`)).toBe(true);
  await dockerd.stop();
  expect(existsSync(dockerd.dir)).toBe(false);
  await waitFor(() => ![pid, last].some((each) => commandOf(String(each)) !== ''), { what: 'the containers to end' });
});

test('what a test process leaves behind when it dies is ended', async () => {
  const dir = serverDir('orphan');
  const watcherFile = fileURLToPath(new URL('../support/watcher.sh', import.meta.url));
  const orphan = spawn('sh', ['-c', 'while :; do sleep 1; done', 'orphan', `${dir}/`], {
    detached: true,
    stdio: 'ignore',
  });
  const watcher = spawn('sh', [watcherFile, dir], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
  expect(runsIn(`${dir}/`)).toBe(true);
  const gone = new Promise((resolve) => orphan.once('exit', (_code, signal) => resolve(signal)));
  // As when the test's process dies: the pipe closes.
  watcher.stdin?.destroy();
  expect(await gone).toBe('SIGTERM');
  await waitFor(() => !existsSync(dir), { what: 'the folder to go' });
});
