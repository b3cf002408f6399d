/** The collector is stopped for a while and goes on: what agents kept meanwhile goes into its own windows, and nothing is too late. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collectorPage, type Page, pageOf } from '../support/page.ts';
import { type Program, startProgram } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';

const STOPPED_S = 15;

let collector: Program;
let agent: Program;

beforeAll(async () => {
  collector = await startProgram({
    command: 'collector',
    config: { collector: { window: '1s', lateness: '1s' }, sinks: { out: { kind: 'stdout', levels: ['container'] } } },
  });
  agent = await startProgram({
    command: 'agent',
    config: {
      node: 'patient',
      agent: {
        interval: '1s',
        engines: ['none'],
        filesystem: { enabled: false },
        push: { url: collector.collectorUrl, timeout: '2s' },
      },
    },
  });
});

afterAll(async () => {
  await agent?.stop();
  await collector?.stop();
});

/** The seconds of which something was read and went out, ascending. */
function seconds(): number[] {
  const times = [...collector.log().matchAll(/^\{"time":"([^"]+)"/gm)].map(([, time]) => Date.parse(time as string));
  return [...new Set(times.map((ms) => Math.floor(ms / 1000)))].sort((a, b) => a - b);
}

const until = (what: string, test: (page: Page) => boolean) =>
  waitFor(async () => test(await collectorPage(collector)), { timeoutMs: 60_000, everyMs: 200, what });

test('every window of the time that it was stopped is there, and in its place', async () => {
  await waitFor(() => seconds().length >= 3, { timeoutMs: 30_000, what: 'three windows' });
  process.kill(collector.pid, 'SIGSTOP');
  const from = Math.max(...seconds());
  // The time that passes is what is tested.
  await new Promise((resolve) => setTimeout(resolve, STOPPED_S * 1000));
  process.kill(collector.pid, 'SIGCONT');
  await until('the present', (page) => page.value('plimsoll_collector_catching_up') === 0);
  const lastS = from + STOPPED_S;
  await waitFor(() => Math.max(...seconds()) > lastS + 3, { timeoutMs: 60_000, what: 'windows after it' });

  expect(collector.log()).toMatch(/missed windows are closed as agents send what they kept/);
  expect(collector.log()).toMatch(/caught up/);
  const page = await collectorPage(collector);
  expect(page.sum('plimsoll_collector_samples_dropped_total', { reason: 'too_late' }) ?? 0).toBe(0);
  // The agent ticks every second, except for those that a busy machine had it miss.
  const missed = pageOf(await agent.metrics('agent')).value('plimsoll_agent_ticks_missed_total');
  const there = seconds().filter((second) => second > from && second <= lastS);
  expect(there.length).toBeGreaterThanOrEqual(STOPPED_S - missed);
});
