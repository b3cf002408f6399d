/** TLS on both sides: a collector that wants client certificates, an agent that has one, one that has not, and one that trusts another authority. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { freePort } from '../support/ports.ts';
import { startProgram } from '../support/program.ts';
import { type Server, serverDir, startServer } from '../support/servers.ts';
import { waitFor } from '../support/wait.ts';

const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

let certificates: Certificates;
let strangers: Certificates;
let collector: Server;
let port: number;
let dir: string;

beforeAll(async () => {
  dir = serverDir('plimsoll-tls');
  certificates = makeCertificates(dir);
  strangers = makeCertificates(dir, 'strangers');
  port = await freePort();
  const { server, ca } = certificates;
  const config = {
    data_dir: join(dir, 'data'),
    // Every interface: allowed, because certificates guard it.
    collector: { listen: `:${port}`, window: '1s', lateness: '1s' },
    tls: { cert: server.cert, key: server.key, client_ca: ca },
  };
  writeFileSync(join(dir, 'collector.yaml'), stringify(config));
  collector = await startServer({
    name: 'plimsoll-collector',
    file: process.execPath,
    args: [MAIN, 'collector', '--config', join(dir, 'collector.yaml')],
    dir,
    ready: () => page('/healthz'),
  });
});
afterAll(() => collector?.stop());

/** A page of the collector, asked for with the client's certificate or with none. */
function page(path: string, withCertificate = true): Promise<string> {
  const { ca, client } = certificates;
  const own = withCertificate ? { cert: readFileSync(client.cert), key: readFileSync(client.key) } : {};
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path, ca: readFileSync(ca), agent: false, timeout: 5000, ...own },
      (answer) => {
        let text = '';
        answer.on('data', (piece: Buffer) => {
          text += piece.toString();
        });
        answer.on('end', () =>
          answer.statusCode === 200 ? resolve(text) : reject(new Error(`${answer.statusCode}: ${text}`)),
        );
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

async function accepted(): Promise<number> {
  return Number(/^plimsoll_collector_batches_total\{result="accepted"\} (\d+)/m.exec(await page('/metrics'))?.[1] ?? 0);
}

const pushing = (node: string, tls: Record<string, string>) => ({
  node,
  agent: { interval: '1s', engines: ['none'], push: { url: `https://127.0.0.1:${port}`, tls } },
});

test('an agent with a certificate delivers, and its node is on the page', async () => {
  const { ca, client } = certificates;
  const agent = await startProgram({
    command: 'agent',
    config: pushing('guarded', { ca, cert: client.cert, key: client.key }),
  });
  try {
    await waitFor(async () => (await accepted()) >= 3, { timeoutMs: 30_000, what: 'batches to be accepted' });
    await waitFor(async () => /machine_load1\{[^}]*node="guarded"/.test(await page('/metrics/containers')), {
      timeoutMs: 30_000,
    });
  } finally {
    await agent.stop();
  }
});

test('nobody gets in without a certificate, not even to /healthz', async () => {
  await expect(page('/healthz', false)).rejects.toThrow();
  await expect(page('/metrics', false)).rejects.toThrow();
  await expect(page('/metrics/containers', false)).rejects.toThrow();
});

test.each([
  ['without a certificate', () => ({ ca: certificates.ca })],
  [
    'with a stranger’s certificate',
    () => ({ ca: certificates.ca, cert: strangers.client.cert, key: strangers.client.key }),
  ],
  [
    'that trusts another authority',
    () => ({ ca: strangers.ca, cert: certificates.client.cert, key: certificates.client.key }),
  ],
])('an agent %s delivers nothing, keeps its batches and says so', async (_what, tls) => {
  const before = await accepted();
  const agent = await startProgram({ command: 'agent', config: pushing('outsider', tls()) });
  try {
    const queued = async () =>
      Number(/^plimsoll_push_queue_batches (\d+)/m.exec(await agent.metrics('agent'))?.[1] ?? 0);
    await waitFor(async () => (await queued()) >= 2, { timeoutMs: 30_000, what: 'batches to queue' });
    await waitFor(() => /collector/.test(agent.log()), { timeoutMs: 30_000, what: 'the agent to say so' });
    expect(await accepted()).toBe(before);
  } finally {
    await agent.stop();
  }
});

/** Which certificate the collector shows to who comes now. */
function shown(): Promise<string> {
  const { ca, client } = certificates;
  const own = { ca: readFileSync(ca), cert: readFileSync(client.cert), key: readFileSync(client.key) };
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ...own }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.end();
    });
    socket.on('error', reject);
  });
}

test('a certificate that is renewed on disk is shown without a restart, one that does not fit its key is not', async () => {
  const { server } = certificates;
  const fingerprint = (pem: Buffer): string => new X509Certificate(pem).fingerprint256;
  // In the same places; its authority as well, which here is also the one that clients' certificates are held against.
  makeCertificates(dir);
  const wanted = fingerprint(readFileSync(server.cert));
  expect(await shown().catch(() => 'refused')).not.toBe(wanted);
  await waitFor(async () => (await shown().catch(() => '')) === wanted, {
    timeoutMs: 60_000,
    what: 'the new certificate',
  });
  const pid = collector.pid;
  writeFileSync(server.cert, readFileSync(strangers.server.cert));
  await waitFor(() => /cannot be used; the ones before stay/.test(collector.log()), {
    timeoutMs: 60_000,
    what: 'the collector to say what is wrong',
  });
  expect(await shown()).toBe(wanted);
  expect(collector.pid).toBe(pid);
});
