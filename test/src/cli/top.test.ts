/** Where `plimsoll top` reads: a page over https is believed if the authority named signed it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { pageReader } from '../../../src/cli/top.ts';
import { pageUrl } from '../../../src/cli/topcommand.ts';
import { makeCertificates } from '../../support/certificates.ts';

test('a private authority: named, its server is read; another or none named, it is not', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-top-'));
  const { ca, server: pair } = makeCertificates(dir);
  const strangers = makeCertificates(dir, 'strangers');
  const tls = { cert: readFileSync(pair.cert), key: readFileSync(pair.key) };
  const server = createServer(tls, (request, response) => {
    response.statusCode = request.headers.authorization === 'Bearer secret' ? 200 : 401;
    response.end('# TYPE container_threads gauge\ncontainer_threads{name="web"} 3\n');
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
  const expected = [{ metric: 'container_threads', labels: new Map([['name', 'web']]), value: 3 }];
  // Twice: the second goes over the same connection.
  for (let i = 0; i < 2; i++) expect(await read()).toEqual({ timeMs: 7, samples: expected });
  await expect(reader(readFileSync(strangers.ca))()).rejects.toThrow(/certificate|signature/i);
  await expect(reader(undefined)()).rejects.toThrow(/certificate/i);
});

test.each([
  ['a collector has its containers on a page of their own', true, ['/metrics/containers']],
  ['an agent has no such page', false, ['/metrics/containers', '/metrics']],
])('an address without a path: %s', async (_what, hasPage, asked) => {
  const paths: string[] = [];
  const server = createPlainServer((request, response) => {
    paths.push(request.url ?? '');
    response.statusCode = request.url === '/metrics' || hasPage ? 200 : 404;
    response.end(`# TYPE container_threads gauge\ncontainer_threads{name="web",page="${request.url}"} 3\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { url, first } = pageUrl(origin);
  const { samples } = await pageReader({ url, first, token: undefined, ca: undefined, now: () => 7 })();
  expect(paths).toEqual(asked);
  expect([...samples].map(({ labels }) => labels.get('page'))).toEqual([asked.at(-1)]);
  // Whoever names a page gets that page.
  expect(pageUrl(`${origin}/metrics`)).toEqual({ url: `${origin}/metrics`, first: undefined });
});
