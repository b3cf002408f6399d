/** The image's health check: one of the two programs must be there, and whoever answers must be alive, with TLS or without. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { makeCertificates } from './support/certificates.ts';
import { freePort } from './support/ports.ts';

const SCRIPT = fileURLToPath(new URL('../deploy/healthcheck.mjs', import.meta.url));
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const answering =
  (status: number, text: string): RequestListener =>
  (request, response) => {
    response.statusCode = request.url === '/healthz' ? status : 404;
    response.end(`${text}\n`);
  };

function check(agent: number, collector: number): Promise<readonly [code: number | null, said: string]> {
  const env = { PLIMSOLL_AGENT_LISTEN: `127.0.0.1:${agent}`, PLIMSOLL_COLLECTOR_LISTEN: `:${collector}` };
  const child = spawn(process.execPath, [SCRIPT], { env });
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve([code, said])));
}

test('one that is alive is enough, where the other is not there', async () => {
  const nobody = await freePort();
  const alive = await listening(createServer(answering(200, 'ok')));
  expect(await check(alive, nobody)).toEqual([0, 'ok\n']);
  expect(await check(nobody, alive)).toEqual([0, 'ok\n']);
  expect((await check(nobody, nobody))[0]).toBe(1);
});

test('one that is stuck is said, beside one that is alive', async () => {
  const alive = await listening(createServer(answering(200, 'ok')));
  const stuck = await listening(createServer(answering(503, 'the tick has not completed for 41 s')));
  expect(await check(stuck, alive)).toEqual([1, 'the tick has not completed for 41 s\n']);
});

test('with TLS, and with certificates asked of clients, it is asked all the same', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-health-'));
  const { ca, server: pair } = makeCertificates(dir);
  const tls = { cert: readFileSync(pair.cert), key: readFileSync(pair.key) };
  const clients = { ...tls, ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true };
  rmSync(dir, { recursive: true });
  const open = await listening(createTlsServer(tls, answering(200, 'ok')));
  const stuck = await listening(createTlsServer(tls, answering(503, 'stuck')));
  const closed = await listening(createTlsServer(clients, answering(200, 'ok')));
  expect(await check(open, closed)).toEqual([0, 'ok\n']);
  expect(await check(stuck, closed)).toEqual([1, 'stuck\n']);
});
