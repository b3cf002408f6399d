/** How a request carries the token: as a bearer everywhere, and on routes that others send to in every form that those have. */
import { afterEach, expect, test } from 'vitest';
import { createHttp, type HttpServer } from '../../../src/http/server.ts';
import { silent } from '../../../src/log.ts';
import { systemClock } from '../../../src/run/clock.ts';

let server: HttpServer | undefined;
afterEach(async () => {
  await server?.close();
});

async function statusOf(path: string, authorization?: string): Promise<number> {
  server = createHttp({
    setting: 'collector.listen',
    address: { host: '127.0.0.1', port: 0 },
    guard: { token: 'secret:1', tls: undefined },
    maxBodyBytes: 1000,
    maxConnections: 10,
    clock: systemClock,
    log: silent,
    onRefused: () => undefined,
  });
  server.app.get('/own', async () => 'yes');
  server.app.get('/others', { config: { othersCredentials: true } }, async () => 'yes');
  const url = await server.listen();
  const answer = await fetch(url + path, { headers: authorization === undefined ? {} : { authorization } });
  await answer.text();
  return answer.status;
}

const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`;

test.each([
  ['Bearer secret:1', '', true, true],
  ['bearer  secret:1 ', '', true, true],
  ['Token secret:1', '', false, true],
  [basic('anybody:secret:1'), '', false, true],
  [basic(':secret:1'), '', false, true],
  [undefined, '?u=telegraf&p=secret:1', false, true],
  [undefined, '?p=secret%3A1&q=x', false, true],
  ['Bearer no', '?p=secret:1', false, false],
  ['Token no', '', false, false],
  [basic('secret:1'), '', false, false],
  [basic('secret:no'), '', false, false],
  ['Basic %%%', '', false, false],
  [undefined, '', false, false],
  [undefined, '?u=secret:1', false, false],
])('%s %s', async (authorization, query, own, others) => {
  expect(await statusOf(`/own${query}`, authorization)).toBe(own ? 200 : 401);
  await server?.close();
  expect(await statusOf(`/others${query}`, authorization)).toBe(others ? 200 : 401);
});
