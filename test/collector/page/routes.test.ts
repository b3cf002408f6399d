/** The page's routes: files with their policy and their caching, the present, the stream of events, signing in; behind the guard like every route. */
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { pageFiles, type PageFile } from '../../../collector/page/files.ts';
import { createPage, type Page } from '../../../collector/page/page.ts';
import { MAX_STREAMS } from '../../../collector/page/stream.ts';
import { pageRoute } from '../../../src/http/pageroute.ts';
import { createHttp, type HttpServer } from '../../../src/http/server.ts';
import { silent } from '../../../src/log.ts';
import { systemClock } from '../../../src/run/clock.ts';

const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const FILES = new Map<string, PageFile>(
  [
    ['index.html', 'text/html; charset=utf-8', '<!doctype html><p>the page</p>'],
    ['page-ABCDEFGH.js', 'text/javascript; charset=utf-8', 'console.log(1)'],
    ['hosts.rules.yml', 'application/yaml; charset=utf-8', 'groups: []'],
  ].map(([name = '', type = '', text = '']) => [
    name,
    { type, body: Buffer.from(text), gzip: gzipSync(text), etag: `"${name}"` },
  ]),
);

const pipeline = {
  sinks: [],
  clocks: new Map(),
  dropped: 0,
  series: 0,
  logUp: undefined,
  behindMs: undefined,
  history: false,
  since: undefined,
};

async function serve(token?: string): Promise<{ url: string; page: Page; refused: string[] }> {
  const refused: string[] = [];
  const server = createHttp({
    setting: 'collector.listen',
    address: { host: '127.0.0.1', port: 0 },
    guard: { token, tls: undefined },
    ...{ maxBodyBytes: 100, maxConnections: 500, clock: systemClock, log: silent },
    onRefused: (reason) => refused.push(reason),
  });
  servers.push(server);
  const page = createPage({
    ...{ version: '1', cluster: 'c', windowMs: 1000, clock: systemClock },
    pipeline: () => pipeline,
    waiting: () => 'no window has closed yet',
  });
  const document = page.route(server.app, FILES);
  pageRoute(server.app, () => ({ what: 'for curl', facts: [], links: [], scrape: '' }), document);
  return { url: await server.listen(), page, refused };
}

const HTML = { accept: 'text/html,*/*' };
const window = (endMs: number) => ({ startMs: endMs - 1000, endMs, tables: [], samples: 0 });

test('a browser gets the page, curl a text', async () => {
  const { url } = await serve();
  const answer = await fetch(`${url}/?view=hosts`, { headers: HTML });
  expect(await answer.text()).toBe('<!doctype html><p>the page</p>');
  const policy = answer.headers.get('content-security-policy') ?? '';
  // Nothing inline, nothing from elsewhere.
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(await (await fetch(`${url}/`)).text()).toContain('for curl');
});

test('what has a hash in its name is kept for ever, the rest is asked for anew; what has not changed is not sent', async () => {
  const { url } = await serve();
  const script = await fetch(`${url}/page/files/page-ABCDEFGH.js`);
  expect([script.status, script.headers.get('cache-control')]).toEqual([200, 'private, max-age=31536000, immutable']);
  expect(script.headers.get('x-content-type-options')).toBe('nosniff');
  const rules = await fetch(`${url}/page/files/hosts.rules.yml`);
  expect(rules.headers.get('cache-control')).toBe('no-cache');
  const again = await fetch(`${url}/`, { headers: { ...HTML, 'if-none-match': '"index.html"' } });
  expect(again.status).toBe(304);
});

test.each(['nothing.js', 'index.html', '..%2f..%2fpackage.json', '__proto__', '%00'])(
  '%s is no file of the page',
  async (name) => {
    const { url } = await serve();
    expect((await fetch(`${url}/page/files/${name}`)).status).toBeGreaterThanOrEqual(400);
  },
);

test('before the first window it is said what is waited for', async () => {
  const { url } = await serve();
  const answer = await fetch(`${url}/page/now`);
  expect([answer.status, await answer.json()]).toEqual([503, { error: 'no window has closed yet' }]);
});

test('who opens the stream gets a snapshot, then each window; all get the same', async () => {
  const { url, page } = await serve();
  page.take(window(1_800_000_001_000));
  const readers = await Promise.all([stream(url), stream(url)]);
  for (const reader of readers) expect(await reader.until('event: now')).toContain('"seq":1');
  page.take(window(1_800_000_002_000));
  const [first, second] = await Promise.all(readers.map((reader) => reader.until('event: window')));
  expect(first).toContain('"seq":2');
  expect(second!.split('event: window')[1]).toBe(first!.split('event: window')[1]);
  expect(page.open).toBe(2);
});

test('more streams than there is room for are refused with words', async () => {
  const { url, page } = await serve();
  const readers = await Promise.all(Array.from({ length: MAX_STREAMS }, () => stream(url)));
  expect(page.open).toBe(MAX_STREAMS);
  const refused = await fetch(`${url}/page/events`);
  expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining('too many pages are open')]);
  for (const reader of readers) reader.close();
});

test('the server stops with streams open', async () => {
  const { url } = await serve();
  await stream(url);
  await servers.pop()!.close();
});

test('with a token every route of the page needs it; a browser is asked for it', async () => {
  const { url, refused } = await serve('s3cret');
  for (const path of ['/', '/page/now', '/page/events', '/page/files/page-ABCDEFGH.js'])
    expect((await fetch(url + path)).status, path).toBe(401);
  const asked = await fetch(`${url}/?q=a%22%3E`, { headers: HTML });
  const body = await asked.text();
  expect(asked.status).toBe(401);
  expect(body).toContain('<form method="post" action="./sign-in?q=a%22%3E">');
  expect(asked.headers.get('content-security-policy')).toContain("form-action 'self'");
  expect(refused.every((reason) => reason === 'token')).toBe(true);
});

function signIn(url: string, token: string, path = '/sign-in'): Promise<Response> {
  return fetch(url + path, { method: 'POST', body: new URLSearchParams({ token }), redirect: 'manual' });
}

test('signing in gives a cookie that scripts do not see and other sites do not send, and that is not the token', async () => {
  const { url } = await serve('s3cret');
  const answer = await signIn(url, ' s3cret ', '/sign-in?q=web');
  expect([answer.status, answer.headers.get('location')]).toEqual([303, './?q=web']);
  const cookie = answer.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/^plimsoll=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
  expect(cookie).not.toContain('s3cret');
  const with_ = { cookie: `other=1; ${cookie.split(';')[0]}` };
  expect((await fetch(`${url}/page/now`, { headers: with_ })).status).toBe(503);
  expect(await (await fetch(`${url}/`, { headers: { ...HTML, ...with_ } })).text()).toContain('the page');
  // For reading alone.
  expect((await fetch(`${url}/page/now`, { method: 'POST', headers: with_ })).status).toBe(401);
  expect((await signIn(url, '', '/sign-out')).headers.get('set-cookie')).toContain('Max-Age=0');
});

test('a wrong token, none, and a cookie that somebody made up are refused, and counted', async () => {
  const { url, refused } = await serve('s3cret');
  for (const token of ['wrong', '', 's3cret2']) {
    const answer = await signIn(url, token);
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null]);
    expect(await answer.text()).toContain('That is not the token');
  }
  for (const cookie of ['plimsoll=', 'plimsoll=s3cret', `plimsoll=${'a'.repeat(43)}`])
    expect((await fetch(`${url}/page/now`, { headers: { cookie } })).status).toBe(401);
  expect(refused).toHaveLength(6);
});

test('the built page names files that are there, and nothing from elsewhere', () => {
  const files = pageFiles();
  // Only where it has been built: `npm run build`.
  if (files.size === 0) return;
  const html = files.get('index.html')!.body.toString();
  const named = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, to = '']) => to);
  expect(named.filter((to) => /^(https?:)?\/\//.test(to))).toEqual([]);
  for (const to of named.filter((name) => name.startsWith('page/files/')))
    expect([...files.keys()]).toContain(to.slice(11));
  expect(html).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=/);
});

async function stream(url: string) {
  const abort = new AbortController();
  const answer = await fetch(`${url}/page/events`, { signal: abort.signal });
  const reader = answer.body!.getReader();
  let text = '';
  return {
    async until(what: string): Promise<string> {
      while (!new RegExp(`${what}\ndata: .*\n\n`).test(text)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the stream ended before ${what}: ${text}`);
        text += Buffer.from(value).toString();
      }
      return text;
    },
    close: () => abort.abort(),
  };
}
