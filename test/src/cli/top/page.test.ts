/** Where `plimsoll top` reads: a page over https is believed if the authority named signed it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { firstOf, pageOf, placesOf } from '../../../../src/cli/top/place.ts';
import { eachLine } from '../../../../src/cli/top/read/lines.ts';
import { pageReader } from '../../../../src/cli/top/read/page.ts';
import type { Reading } from '../../../../src/cli/top/read/reading.ts';
import { makeCertificates } from '../../../support/certificates.ts';

test('a private authority: named, its server is read; another or none named, it is not', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-top-'));
  const { ca, server: pair } = makeCertificates(dir);
  const strangers = makeCertificates(dir, 'strangers');
  const tls = { cert: readFileSync(pair.cert), key: readFileSync(pair.key) };
  const server = createServer(tls, (request, response) => {
    response.statusCode = request.headers.authorization === 'Bearer secret' ? 200 : 401;
    response.end('# TYPE container_threads gauge\ncontainer_threads{id="/a",name="web"} 3\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true });
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  const reader = (authority: Buffer | undefined) => pageReader({ url, token: 'secret', ca: authority, now: () => 7 });
  const read = reader(readFileSync(ca));
  // Twice: the second goes over the same connection.
  for (let i = 0; i < 2; i++) {
    const reading = await read();
    expect(reading.timeMs).toBe(7);
    expect(threadsIn(reading)).toEqual([['web', 3]]);
  }
  await expect(reader(readFileSync(strangers.ca))()).rejects.toThrow(/certificate|signature/i);
  await expect(reader(undefined)()).rejects.toThrow(/certificate/i);
});

function threadsIn({ sums }: Reading): [name: string | undefined, threads: number | undefined][] {
  return [...sums.things.values()].map(({ labels, values }) => [labels.get('name'), values.get('threads')]);
}

/** A server on loopback that ends with the test; answers its origin. */
async function serving(answer: RequestListener): Promise<string> {
  const server = createPlainServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  ['a collector has its containers on a page of their own', true, ['/metrics/containers', '/metrics']],
  ['an agent has no such page', false, ['/metrics/containers', '/metrics']],
])('an address without a path: %s', async (_what, hasPage, asked) => {
  const paths: string[] = [];
  const origin = await serving((request, response) => {
    paths.push(request.url ?? '');
    response.statusCode = request.url === '/metrics' || hasPage ? 200 : 404;
    response.end(`container_threads{id="${request.url}",name="web"} 3\n`);
  });
  const { url, first } = pageOf(origin);
  const { sums } = await pageReader({ url, first, token: undefined, ca: undefined, now: () => 7 })();
  expect(paths).toEqual(asked);
  expect([...sums.things.values()].map(({ id }) => id)).toEqual([hasPage ? '/metrics/containers' : '/metrics']);
  // Whoever names a page gets that page, and with a collector's containers what it says of itself.
  expect(pageOf(`${origin}/metrics`)).toEqual({ url: `${origin}/metrics`, login: undefined });
  expect(pageOf(`${origin}/metrics/containers`)).toMatchObject({ url, first });
});

test('an agent is asked for its page of containers once, and not at every reading', async () => {
  const paths: string[] = [];
  const origin = await serving((request, response) => {
    paths.push(request.url ?? '');
    response.statusCode = request.url === '/metrics' ? 200 : 404;
    response.end('container_threads{id="/a"} 3\n');
  });
  const read = pageReader({ ...pageOf(origin), token: undefined, ca: undefined, now: () => 7 });
  await read();
  await read();
  expect(paths).toEqual(['/metrics/containers', '/metrics', '/metrics']);
});

test('without an address: this machine’s agent, and where none listens its collector', async () => {
  const origin = await serving((_request, response) => void response.end('container_threads{id="/a",name="web"} 3\n'));
  const listen = (port: number) => ({ host: '127.0.0.1', port });
  // Nothing listens at port 1.
  const places = placesOf({
    tls: { cert: undefined },
    agent: { listen: listen(1) },
    collector: { listen: listen(Number(new URL(origin).port)) },
  } as unknown as Parameters<typeof placesOf>[0]);
  expect(places.map(({ url }) => url)).toEqual(['http://127.0.0.1:1/metrics', `${origin}/metrics`]);
  const found = firstOf(places, (place) => pageReader({ ...place, token: undefined, ca: undefined, now: () => 7 }));
  expect(found.place()).toBe('http://127.0.0.1:1/metrics');
  expect(threadsIn(await found.read())).toEqual([['web', 3]]);
  expect(found.place()).toBe(`${origin}/metrics`);
});

test('who answers with a refusal is there: nobody else is asked in its place', async () => {
  const refusing = await serving((_request, response) => void response.writeHead(401).end('{"error":"token"}'));
  const found = firstOf([{ url: `${refusing}/metrics` }, { url: 'http://127.0.0.1:1/metrics' }], (place) =>
    pageReader({ ...place, token: undefined, ca: undefined, now: () => 7 }),
  );
  await expect(found.read()).rejects.toThrow(`${refusing}/metrics answered 401: token`);
});

async function* bytesOf(...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const each of pieces) yield Buffer.from(each);
}

describe('a page that is read without a bound ends the program', () => {
  test('a line that is too long is passed over, and those around it are read', async () => {
    const lines: string[] = [];
    const body = bytesOf('a 1\nb', 'b'.repeat(30), 'b'.repeat(30), ' 2\nc 3\n', 'd 4');
    await eachLine(body, (line) => void lines.push(line), { maxLine: 20 });
    expect(lines).toEqual(['a 1', 'c 3', 'd 4']);
  });

  test('a body that never ends is left after its bound', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given++;
        yield Buffer.alloc(1000, 'x\n');
      }
    }
    const read = eachLine(endless(), () => {}, { maxBytes: 10_000 });
    await expect(read).rejects.toThrow('the page is longer than 10000 bytes');
    expect(given).toBe(11);
  });

  test('what a server says with an error is cut', async () => {
    const origin = await serving((_request, response) => void response.writeHead(500).end('x'.repeat(1_000_000)));
    const read = pageReader({ url: `${origin}/metrics`, token: undefined, ca: undefined, now: () => 7 });
    await expect(read()).rejects.toThrow(/answered 500: x{200}$/);
  });
});
