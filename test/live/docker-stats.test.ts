/** Engine stats against the kernel's own files, and an engine over TLS with client certificates. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { request as ask } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, inject, test } from 'vitest';
import { parseEndpoint } from '../../agents/docker/engine/endpoint.ts';
import { createInventory, type EngineInventory } from '../../agents/docker/inventory.ts';
import { statsSource } from '../../agents/docker/stats.ts';
import { silent } from '../../src/log.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import { labelValue } from '../../src/model/labels.ts';
import { systemClock } from '../../src/run/clock.ts';
import { cgroupDir, keyIn, numberIn } from '../support/cgroupfiles.ts';
import { makeCertificates, type Pair } from '../support/certificates.ts';
import { burn, transfer } from '../support/containers.ts';
import { engineAt } from '../support/engine.ts';
import { waitFor } from '../support/wait.ts';

const engine = engineAt(inject('dockerSocket'));
const v2 = existsSync('/sys/fs/cgroup/cgroup.controllers');
const dir = mkdtempSync(join(tmpdir(), 'plimsoll-tls-'));
const FAMILIES = new Set(['cpu', 'memory', 'network', 'diskio', 'pids']);
let inventory: EngineInventory | undefined;
let proxy: Server | undefined;

afterEach(async () => {
  await inventory?.close();
  proxy?.closeAllConnections();
  proxy?.close();
  await engine.remove();
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** As it is for an engine on another host: no process can be seen from here. */
function unseen(endpoint: Parameters<typeof createInventory>[0]['endpoint']): EngineInventory {
  return createInventory({
    endpoint,
    labelAllow: [],
    envAllow: [],
    locate: () => undefined,
    clock: systemClock,
    log: silent,
  });
}

async function read(of: EngineInventory): Promise<FamilyTable[]> {
  const source = statsSource({ inventory: of, clock: systemClock, families: FAMILIES });
  return source.read({ timeMs: systemClock.now(), signal: new AbortController().signal });
}

function value(tables: FamilyTable[], name: string, metric: string): number | undefined {
  for (const { shape, rows, values } of tables) {
    const column = shape.columns.findIndex((c) => c.metric === metric);
    const row = rows.findIndex((r) => labelValue(r.labels, 'name') === name);
    if (column >= 0 && row >= 0) return values[column * rows.length + row];
  }
  return undefined;
}

test("the engine's numbers lie between two readings of the kernel's", async () => {
  const burning = await burn(engine, { cores: 0.2 });
  const { receiver, bytes, done } = await transfer(engine, { mebibytes: 5 });
  await done();
  // On a busy machine the first periods may pass without the quota being used up.
  const cpuStat = join(cgroupDir(burning.id, v2 ? '' : 'cpu'), 'cpu.stat');
  await waitFor(() => keyIn(cpuStat, 'nr_throttled') > 0, { timeoutMs: 60_000, what: 'the kernel to throttle' });
  inventory = unseen({ socketPath: engine.socket });
  await inventory.start();
  const used = (): number =>
    v2
      ? keyIn(join(cgroupDir(burning.id), 'cpu.stat'), 'usage_usec') / 1e6
      : numberIn(join(cgroupDir(burning.id, 'cpuacct'), 'cpuacct.usage')) / 1e9;
  const before = used();
  const tables = await read(inventory);
  const after = used();
  const usage = value(tables, 'burn', 'container_cpu_usage_seconds_total') as number;
  // One microsecond for the engine's rounding.
  expect(usage).toBeGreaterThanOrEqual(before - 1e-6);
  expect(usage).toBeLessThanOrEqual(after + 1e-6);
  expect(value(tables, 'burn', 'container_spec_cpu_limit_cores')).toBe(0.2);
  expect(value(tables, 'burn', 'container_cpu_cfs_throttled_periods_total')).toBeGreaterThan(0);
  expect(value(tables, 'burn', 'container_memory_usage_bytes')).toBeGreaterThan(0);
  expect(value(tables, receiver.name, 'container_network_receive_bytes_total')).toBeGreaterThanOrEqual(bytes);
});

test('over TLS: with the right certificates it is read, without them it is not, and the reason is said', async () => {
  await burn(engine);
  const pem = certificates();
  proxy = createServer({ ...pem.server, requestCert: true, rejectUnauthorized: true }, (incoming, answer) => {
    const { method, headers, url: path } = incoming;
    const forward = ask({ socketPath: engine.socket, method, path, headers }, (from) => {
      answer.writeHead(from.statusCode ?? 502, from.headers);
      answer.flushHeaders();
      from.pipe(answer);
    });
    forward.on('error', () => answer.destroy());
    answer.on('close', () => forward.destroy());
    incoming.pipe(forward);
  });
  await new Promise<void>((resolve) => proxy?.listen(0, '127.0.0.1', resolve));
  const text = `tcp://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

  inventory = unseen(parseEndpoint(text, { setting: 'test', tls: pem.client }));
  await inventory.start();
  expect(inventory.status()).toMatchObject({ connected: true, lastError: '' });
  expect(value(await read(inventory), 'burn', 'container_memory_usage_bytes')).toBeGreaterThan(0);

  // A server that our authority did not sign is not believed.
  const stranger = unseen(
    parseEndpoint(text, { setting: 'test', tls: { ...pem.client, ca: certificates().client.ca } }),
  );
  await stranger.start();
  expect(stranger.status()).toMatchObject({ connected: false, lastReason: 'tls' });
  expect(stranger.status().lastError).toContain(`TLS with ${text} failed`);
  await stranger.close();

  const nobody = unseen(parseEndpoint(text, { setting: 'test', tls: { ca: pem.client.ca } }));
  await nobody.start();
  expect(nobody.status().connected).toBe(false);
  await nobody.close();
});

interface Pem {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

let made = 0;

/** The texts of certificates of an authority that no other call shares. */
function certificates(): { server: Pem; client: Pem } {
  const files = makeCertificates(dir, String(made++));
  const texts = ({ cert, key }: Pair): Pem => ({
    ca: readFileSync(files.ca, 'utf8'),
    cert: readFileSync(cert, 'utf8'),
    key: readFileSync(key, 'utf8'),
  });
  return { server: texts(files.server), client: texts(files.client) };
}
