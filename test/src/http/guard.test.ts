/** A token that changes on disk is taken without a restart; one that cannot be used is said once, and the one before stays. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { RENEW_EVERY_MS, startGuard } from '../../../src/http/guard.ts';
import { createHttp } from '../../../src/http/server.ts';
import { silent } from '../../../src/log.ts';
import { fakeClock } from '../../support/clock.ts';

let dir: string;
let file: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'plimsoll-guard-'));
  file = join(dir, 'token');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const config = (flags: Record<string, string>) => loadConfig({ env: {}, flags: new Map(Object.entries(flags)) });

test('a token that is renewed', async () => {
  writeFileSync(file, 'first\n');
  const clock = fakeClock();
  const warned: string[] = [];
  const log = { ...silent, warn: (_facts: object, text: string) => void warned.push(text) };
  const guard = startGuard({ config: config({ token_file: file }), clock, log });
  const address = { host: '127.0.0.1', port: 0 };
  const server = createHttp({ address, guard, maxBodyBytes: 1, maxConnections: 10, clock, log, onRefused() {} });
  server.app.get('/metrics', async () => 'numbers\n');
  const url = await server.listen();
  const opens = async (token: string): Promise<number> =>
    (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).status;
  expect(await opens('first')).toBe(200);

  writeFileSync(file, 'second\n');
  expect(await opens('first')).toBe(200);
  await clock.advance(RENEW_EVERY_MS);
  expect([await opens('first'), await opens('second')]).toEqual([401, 200]);

  writeFileSync(file, '\n');
  await clock.advance(3 * RENEW_EVERY_MS);
  expect(warned.length).toBe(1);
  expect([await opens(''), await opens('second')]).toEqual([401, 200]);
  rmSync(file);
  await clock.advance(RENEW_EVERY_MS);
  expect(warned.length).toBe(2);
  expect(await opens('second')).toBe(200);

  writeFileSync(file, 'third\n');
  await clock.advance(RENEW_EVERY_MS);
  expect([await opens('second'), await opens('third')]).toEqual([401, 200]);
  guard.stop();
  expect(clock.armed).toBe(0);
  await server.close();
});

test('nothing on disk, nothing to look at', () => {
  const clock = fakeClock();
  const guard = startGuard({ config: config({ token: 'inline' }), clock, log: silent });
  expect(guard.token).toBe('inline');
  expect(clock.armed).toBe(0);
});
