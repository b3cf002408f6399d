/** Agent and collector as two processes with a token between them: a wrong token, a collector that is killed, an orderly end. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { burn } from '../support/containers.ts';
import { engineAt } from '../support/engine.ts';
import { fetchText } from '../support/http.ts';
import { cpuReader } from '../support/kernel.ts';
import { collectorPage, type Page, pageOf } from '../support/page.ts';
import { type Program, startProgram } from '../support/program.ts';
import { CLUSTER, NODE, serviceLabels } from '../support/stage.ts';
import { waitFor } from '../support/wait.ts';

const socket = inject('dockerSocket');
const engine = engineAt(socket);
const TOKEN = 'open-sesame';

let collector: Program;
let agent: Program;

beforeAll(async () => {
  collector = await startProgram({
    command: 'collector',
    config: { cluster: CLUSTER, token: TOKEN, collector: { window: '1s', lateness: '1s' } },
    token: TOKEN,
  });
  agent = await startAgent(TOKEN);
  await burn(engine, { name: 'burner', cores: 0.1, flags: serviceLabels('shop', 'worker') });
});

afterAll(async () => {
  await agent?.stop();
  await collector?.stop();
  await engine.remove();
});

function startAgent(token: string): Promise<Program> {
  return startProgram({
    command: 'agent',
    config: {
      node: NODE,
      agent: { interval: '1s', engines: [`unix://${socket}`], push: { url: collector.collectorUrl, token } },
    },
  });
}

const pageFrom = async (program: Program, side: 'agent' | 'collector'): Promise<Page> =>
  side === 'collector' ? collectorPage(program) : pageOf(await program.metrics(side));

function until<T>(program: Program, side: 'agent' | 'collector', test: (page: Page) => T, what: string) {
  return waitFor(async () => test(await pageFrom(program, side)), { timeoutMs: 40_000, everyMs: 100, what });
}

/** The agent's books: what was offered is acknowledged, dropped for a reason, or waits. */
function books(page: Page): { offered: number; acknowledged: number; dropped: number; queued: number } {
  const result = (name: string): number => page.sum('plimsoll_push_samples_total', { result: name }) ?? 0;
  const dropped = page
    .all('plimsoll_push_samples_total')
    .filter(({ labels }) => labels.get('result')?.startsWith('dropped_'));
  return {
    offered: result('offered'),
    acknowledged: result('acknowledged'),
    dropped: dropped.reduce((sum, { value }) => sum + value, 0),
    queued: page.value('plimsoll_push_queue_samples'),
  };
}

describe('with the right token', () => {
  test('the agent’s numbers are the collector’s, between two readings of the kernel', async () => {
    const { id } = await engine.run({
      name: 'probe',
      flags: serviceLabels('shop', 'probe'),
      script: 'while :; do :; done',
    });
    const read = cpuReader(id);
    const low = read();
    const since = Date.now() / 1000 + 1;
    const seen = (page: Page): Page | false =>
      (page.sum('container_last_seen', { name: 'probe' }) ?? 0) >= since && page;
    const page = await until(collector, 'collector', seen, 'the probe at the collector');
    const value = page.value('container_cpu_usage_seconds_total', { name: 'probe', node: NODE });
    expect(value).toBeGreaterThanOrEqual(low);
    expect(value).toBeLessThanOrEqual(read());
    expect(page.value('service_containers', { project: 'shop', service: 'probe' })).toBe(1);
    await engine.remove('probe');
  });

  test('received = accepted + dropped + pending, offered = acknowledged + dropped + queued', async () => {
    const page = await pageFrom(collector, 'collector');
    const total = (what: string): number => page.sum(`plimsoll_collector_samples_${what}`) ?? 0;
    expect(total('accepted_total') + total('dropped_total') + total('pending')).toBe(total('received_total'));
    const { offered, acknowledged, dropped, queued } = books(await pageFrom(agent, 'agent'));
    expect(acknowledged + dropped + queued).toBe(offered);
    expect(acknowledged).toBeGreaterThan(0);
    expect(dropped).toBe(0);
  });
});

describe('with a wrong token', () => {
  test('the agent is refused, says so, and keeps what it has', async () => {
    const stranger = await startAgent('open-barley');
    try {
      const page = await until(stranger, 'agent', (one) => books(one).queued > 0 && one, 'a batch that waits');
      expect(books(page)).toMatchObject({ acknowledged: 0, dropped: 0 });
      await waitFor(() => /token/.test(stranger.log()), { what: 'the agent to say why' });
      const refused = { reason: 'token' };
      await until(
        collector,
        'collector',
        (one) => (one.sum('plimsoll_http_refused_total', refused) ?? 0) > 0,
        'the refusal',
      );
      for (const path of ['/metrics', '/metrics/containers', '/readyz', '/api/v1/push']) {
        await expect(fetchText(`${collector.collectorUrl}${path}`), path).rejects.toThrow('401');
      }
      expect((await fetchText(`${collector.collectorUrl}/healthz`)).status).toBe(200);
    } finally {
      await stranger.stop();
    }
  });
});

describe('the collector is killed and comes back', () => {
  test('the agent begins anew with it, and totals go on: what was used meanwhile is in them, once', async () => {
    const before = books(await pageFrom(agent, 'agent'));
    const counter = 'service_cpu_usage_seconds_total';
    const worker = { project: 'shop', service: 'worker' };
    const held = await until(
      collector,
      'collector',
      (one) => one.sum(counter, worker) !== undefined && one,
      'the service before',
    );
    await collector.end('SIGKILL');
    await until(agent, 'agent', (one) => books(one).queued > 0, 'a batch that waits');
    await collector.start();
    const first = await until(
      collector,
      'collector',
      (one) => one.sum(counter, worker) !== undefined && one,
      'the service',
    );
    const container = (page: Page): number =>
      page.value('container_cpu_usage_seconds_total', { name: 'burner', node: NODE });
    const later = await until(
      collector,
      'collector',
      (one) => container(one) > container(first) + 0.2 && one,
      '0.2 CPU seconds',
    );
    // Of the container's seconds the service lacks what it had used before the collector first saw it, now as before.
    const lacking = (page: Page): number => container(page) - page.value(counter, worker);
    expect(container(first)).toBeGreaterThan(container(held));
    expect(lacking(first)).toBeCloseTo(lacking(held), 6);
    const growth = later.value(counter, worker) - first.value(counter, worker);
    expect(growth).toBeCloseTo(container(later) - container(first), 9);

    // A batch waits until its window is on disk there: what waited before is through, and the newest ones always wait.
    const isThrough = (one: Page): boolean => books(one).acknowledged > before.acknowledged + before.queued;
    const page = await until(agent, 'agent', (one) => isThrough(one) && one, 'what waited to be durable');
    const after = books(page);
    expect(after.acknowledged + after.dropped + after.queued).toBe(after.offered);
    // Nothing was given up at the agent; what came too late for its window the collector counts.
    const reasons = page
      .labelValues('plimsoll_push_samples_total', 'result')
      .filter((result) => result.startsWith('dropped_'));
    expect(reasons.filter((reason) => reason !== 'dropped_collector_too_late')).toEqual([]);
  });

  test('SIGTERM ends both with exit code 0, the agent’s queue empty', async () => {
    expect(await agent.end('SIGTERM')).toBe(0);
    expect(agent.log()).not.toContain('the rest is lost');
    expect(await collector.end('SIGTERM')).toBe(0);
  });
});
