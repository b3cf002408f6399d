/**
 * Secrets that are where they belong, in programs that run: servers that refuse them and quote them back, however they were sent. No log line
 * at any level, no page, no answer and nothing that `check` says holds one.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../../../agents/main.ts';
import { startCollector } from '../../../collector/main.ts';
import { check } from '../../../src/cli/check.ts';
import { greeting } from '../../../src/cli/greeting.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { hiderOf } from '../../../src/config/secrets.ts';
import { startGuard } from '../../../src/http/guard.ts';
import { createLog } from '../../../src/logging.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { lifecycle } from '../../../src/run/lifecycle.ts';
import { waitFor } from '../../support/wait.ts';

const MARK = 'S3CR3T';
/** user:S3CR3Tpass in base64 is dXNlcjpTM0NSM1RwYXNz, by `printf user:S3CR3Tpass | base64`. */
const BASIC = 'dXNlcjpTM0NSM1RwYXNz';

/** Refuses everything, and quotes what it was sent: as it came, and unpacked. */
async function quoting(status: (path: string) => number) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    const given = request.headers.authorization ?? '';
    seen.push(given, `${(request.url ?? '').replace(/[?].*/, '')} ${given}`);
    const unpacked = Buffer.from(given.replace(/^\w+ /, ''), 'base64').toString('latin1');
    response.statusCode = status(request.url ?? '');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ code: 'invalid', message: `no: ${given} (${unpacked})`, error: `no: ${given}` }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close(() => undefined).closeAllConnections());
  return { seen, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-secrets-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

function secretFile(dir: string, name: string, content: string): string {
  writeFileSync(join(dir, name), content);
  chmodSync(join(dir, name), 0o600);
  return join(dir, name);
}

function programs(config: ReturnType<typeof loadConfig>) {
  let said = '';
  const stream = new Writable({
    write(chunk, _, done) {
      said += String(chunk);
      done();
    },
  });
  const log = createLog({ level: 'debug', format: 'json', stream, hide: hiderOf(config) });
  const life = lifecycle({ clock: systemClock, log, deadlineMs: 1000 });
  onTestFinished(() => life.stop());
  const guard = startGuard({ config, clock: systemClock, log });
  life.onStop('guard', async () => guard.stop());
  return { common: { config, guard, version: '0', clock: systemClock, log, life }, said: () => said };
}

test.each([401, 404, 400, 500, 302])(
  'servers that answer %i and quote the secret',
  { timeout: 40_000 },
  async (status) => {
    const dir = folder();
    const { seen, host } = await quoting(() => status);
    const config = loadConfig({
      env: {
        PLIMSOLL_DATA_DIR: 'none',
        PLIMSOLL_AGENT_LISTEN: '127.0.0.1:0',
        PLIMSOLL_COLLECTOR_LISTEN: '127.0.0.1:0',
        PLIMSOLL_TOKEN_FILE: secretFile(dir, 'token', `${MARK}own-token\n`),
        PLIMSOLL_AGENT_ENGINES: `tcp://user:${MARK}pass@${host}`,
        PLIMSOLL_AGENT_INTERVAL: '200ms',
        PLIMSOLL_AGENT_FILESYSTEM_ENABLED: 'false',
        PLIMSOLL_AGENT_PUSH_URL: `http://user:${MARK}pass@${host}/api/v1/push`,
        PLIMSOLL_COLLECTOR_WINDOW: '200ms',
        PLIMSOLL_COLLECTOR_LATENESS: '0ms',
        PLIMSOLL_SINKS_ONE_KIND: 'influxdb1',
        PLIMSOLL_SINKS_ONE_URL: `http://user:${MARK}pass@${host}`,
        PLIMSOLL_SINKS_ONE_DATABASE: 'd',
        PLIMSOLL_SINKS_TWO_KIND: 'influxdb2',
        PLIMSOLL_SINKS_TWO_URL: `http://${host}`,
        PLIMSOLL_SINKS_TWO_BUCKET: 'b',
        PLIMSOLL_SINKS_TWO_TOKEN_FILE: secretFile(dir, 'influx', `${MARK}influx-token\n`),
      },
      flags: new Map([
        ['sinks.three.kind', 'influxdb2'],
        ['sinks.three.url', `http://${host}`],
        ['sinks.three.bucket', 'b'],
        ['sinks.three.token', `${MARK}flag`],
      ]),
    });
    const { common, said } = programs(config);
    const collector = await startCollector(common);
    const local = await startAgent({ ...common, deliver: collector.accept });
    const pushing = await startAgent(common);
    const expected = [
      `/write Basic ${BASIC}`,
      `/api/v1/push Basic ${BASIC}`,
      `/version Basic ${BASIC}`,
      `Token ${MARK}influx-token`,
      `Token ${MARK}flag`,
    ];
    await waitFor(() => expected.every((one) => seen.includes(one)), {
      what: 'every secret to have been sent',
      timeoutMs: 20_000,
    });
    await waitFor(() => /"sink":"two"/.test(said()) && /does not take batches|refused a batch/.test(said()), {
      what: 'complaints',
      timeoutMs: 20_000,
    });

    let text = said() + greeting({ agent: pushing, collector, config }).join('\n');
    for (const url of [collector.url, local.url, pushing.url]) {
      for (const path of ['/', '/metrics', '/healthz', '/readyz', '/nowhere', '/api/v1/push']) {
        for (const token of ['', `${MARK}own-token`, `${MARK}another`]) {
          const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
          text += JSON.stringify([...answer.headers]) + (await answer.text());
        }
      }
    }
    const out = new PassThrough();
    await check({ config, start: undefined, out });
    text += String(out.read());

    expect(text.replaceAll(BASIC, MARK).match(new RegExp(`.{0,200}${MARK}.{0,40}`, 'g'))).toBeNull();
    expect(text).toContain('sink one: ');
    await common.life.stop();
    expect(said()).not.toMatch(new RegExp(`${MARK}|${BASIC}`));
  },
);
