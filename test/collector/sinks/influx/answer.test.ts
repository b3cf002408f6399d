/** What answers mean, from what InfluxDB's versions, VictoriaMetrics and proxies say. */
import { describe, expect, test } from 'vitest';
import { judge, type Target } from '../../../../collector/sinks/influx/answer.ts';

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const v1: Target = { version: 1, url: 'http://db:8086', database: 'plim "soll"' };
const v2: Target = { version: 2, url: 'http://db:8086', database: 'metrics' };

function verdict(
  status: number,
  body = '',
  { target = v2, retryAfter }: { target?: Target; retryAfter?: string } = {},
) {
  return judge({ status, body, retryAfter }, target, NOW);
}

test.each([200, 201, 204])('%d is a success', (status) => {
  expect(verdict(status)).toEqual({ kind: 'written' });
});

test.each([
  [413, 'too_large'],
  [400, 'lines_refused'],
  [422, 'lines_refused'],
  [405, 'final'],
  [411, 'final'],
  [415, 'final'],
])('%d is %s', (status, kind) => {
  expect(verdict(status).kind).toBe(kind);
});

test.each([
  [429, 'throttled'],
  [408, 'unavailable'],
  [500, 'unavailable'],
  [502, 'unavailable'],
  [503, 'unavailable'],
  [504, 'unavailable'],
])('%d is tried again', (status, reason) => {
  expect(verdict(status, '{"error":"engine: cache maximum memory size exceeded"}')).toEqual({
    kind: 'retry',
    reason,
    message: `http://db:8086 answers ${status}: engine: cache maximum memory size exceeded`,
  });
});

test('Retry-After is honoured with 429 and 503', () => {
  expect(verdict(429, '', { retryAfter: '3' })).toMatchObject({ retryAfterMs: 3000 });
  expect(verdict(503, '', { retryAfter: 'Mon, 23 Nov 2026 12:00:30 GMT' })).toMatchObject({ retryAfterMs: 30_000 });
});

describe('what people have to mend is tried again, seldom, and said plainly', () => {
  test.each([
    [
      401,
      v2,
      '{"code":"unauthorized","message":"unauthorized access"}',
      'unauthorized',
      'refuses the token for bucket "metrics" (unauthorized access)',
    ],
    [
      401,
      v1,
      '{"error":"authorization failed"}',
      'unauthorized',
      'refuses user or password for database "plim "soll"" (authorization failed)',
    ],
    [403, v1, '', 'unauthorized', 'refuses user or password'],
    [
      404,
      v2,
      '{"code":"not found","message":"bucket \\"metrics\\" not found"}',
      'not_found',
      "create it with: influx bucket create --name 'metrics'",
    ],
    [404, v2, '404 page not found', 'not_found', 'an InfluxDB before 1.8 wants the sink kind "influxdb1"'],
    [307, v2, '', 'redirected', 'set "url" to where it leads'],
    // What Go's and nginx' servers say.
    [400, v1, 'Client sent an HTTP request to an HTTPS server.', 'tls', 'use https:// instead of http://'],
    [400, v2, 'The plain HTTP request was sent to HTTPS port', 'tls', 'use https:// instead of http://'],
  ] as const)('%d', (...[status, target, body, reason, text]) => {
    const answer = verdict(status, body, { target });
    expect(answer).toMatchObject({ kind: 'retry', reason, retryAfterMs: 60_000 });
    expect('message' in answer && answer.message).toContain(text);
  });

  test('a missing database of version 1 comes with the command that creates it', () => {
    const answer = verdict(404, '{"error":"database not found: \\"plim\\""}', { target: v1 });
    expect(answer).toMatchObject({
      reason: 'not_found',
      message:
        'http://db:8086 has no database "plim "soll""; create it with: curl -X POST http://db:8086/query ' +
        // CREATE DATABASE "plim \"soll\"", with 20 a space, 22 a quote and 5C a backslash: no shell and no JSON changes it.
        '-d q=CREATE%20DATABASE%20%22plim%20%5C%22soll%5C%22%22 (and -u USER where users are asked for) ' +
        '(database not found: "plim")',
    });
  });
});

test('a body that is no JSON, or half of one, is shown as it is', () => {
  expect(verdict(502, '<html>Bad Gateway</html>')).toMatchObject({
    message: 'http://db:8086 answers 502: <html>Bad Gateway</html>',
  });
  expect(verdict(502, '{"error":"cut')).toMatchObject({ message: 'http://db:8086 answers 502: {"error":"cut' });
});
