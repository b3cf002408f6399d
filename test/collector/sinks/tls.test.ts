/** Sinks over TLS: a server is trusted by its authority's file alone, and asks for our certificate. */
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOutlets } from '../../../collector/sinks/list.ts';
import { sink as sinkSchema } from '../../../src/config/sinkschema.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { type Certificates, makeCertificates } from '../../support/certificates.ts';
import { frame, table } from '../../support/tables.ts';

const dir = mkdtempSync(join(tmpdir(), 'plimsoll-sink-tls-'));
let certificates: Certificates;
let url: string;
/** Who asked. */
const asked: (string | undefined)[] = [];
let close: () => void;

beforeAll(async () => {
  certificates = makeCertificates(dir);
  const [key, cert, ca] = [certificates.server.key, certificates.server.cert, certificates.ca].map((file) =>
    readFileSync(file),
  );
  const server = createServer({ key, cert, ca, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const socket = request.socket as TLSSocket;
    const name = socket.authorized ? socket.getPeerCertificate().subject.CN : undefined;
    asked.push(Array.isArray(name) ? name[0] : name);
    request.resume();
    response.writeHead(socket.authorized ? 204 : 403).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () => {
    server.close();
    server.closeAllConnections();
  };
});
afterAll(() => {
  close();
  rmSync(dir, { recursive: true });
});

const KINDS = [
  ['remote_write', {}],
  ['influxdb1', { database: 'd' }],
  ['influxdb2', { bucket: 'b' }],
  ['influxdb3', { database: 'd' }],
] as const;
const given = frame([table({ level: 'service', columns: ['v'], rows: [[{ s: 'a' }, [1]]] })]);
const signal = new AbortController().signal;

function sinkWith(kind: string, config: object, tls: object) {
  const parsed = sinkSchema.parse({ kind, url, ...config, tls });
  const [outlet] = createOutlets({ x: parsed }, { clock: systemClock, stdout: new PassThrough() });
  if (!outlet) throw new Error('no outlet');
  return outlet.sink;
}

test.each(KINDS)('%s: by the authority, with our own certificate', async (kind, config) => {
  const { ca, client } = certificates;
  const sink = sinkWith(kind, config, { ca, cert: client.cert, key: client.key });
  asked.length = 0;
  expect(await sink.write(given, signal)).toMatchObject({ delivered: 1, dropped: new Map() });
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.every((name) => name !== undefined)).toBe(true);
  await sink.close();
});

test.each(KINDS)(
  '%s: a server that nobody here trusts gets nothing, and is said with the remedy',
  async (kind, config) => {
    const sink = sinkWith(kind, config, {});
    asked.length = 0;
    await expect(sink.write(given, signal)).rejects.toMatchObject({
      retryable: true,
      reason: 'unreachable',
      message: expect.stringContaining('name the file with its authority (tls.ca)'),
    });
    expect(asked).toEqual([]);
    await sink.close();
  },
);
