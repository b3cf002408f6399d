/** Those that behave, beside the attackers: agents that push, a scraper, a probe; and what they notice. */
import { syntheticAgents } from '../bench/load.ts';
import { createSender, type Sender } from '../../agents/send/sender.ts';
import type { Log } from '../../src/log.ts';
import { systemClock } from '../../src/run/clock.ts';
import { createEncoder } from '../../src/wire/encode.ts';
import { pause } from './attack.ts';

export interface Agents {
  /** Samples by what became of them. */
  account(): {
    offered: number;
    acknowledged: number;
    queued: number;
    dropped: Record<string, number>;
    retries: number;
  };
  /** Sends what is left, and ends. */
  close(): Promise<void>;
}

const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => QUIET };

/** Agents with 20 containers each that push every `intervalMs`, until told to stop. */
export function startAgents(
  url: string,
  { agents, intervalMs, signal }: { agents: number; intervalMs: number; signal: AbortSignal },
): Agents {
  const senders: Sender[] = [];
  const done = Promise.all(
    syntheticAgents({ agents, containers: 20, metrics: 33 }).map(async (agent, i) => {
      const session = `session-of-${agent.node}`;
      const encoder = createEncoder({ node: agent.node, session });
      const sender = createSender({
        url,
        token: undefined,
        tls: {},
        timeoutMs: 10_000,
        encoder,
        clock: systemClock,
        log: QUIET,
        maxBatches: 360,
        maxBytes: 64e6,
      } as Parameters<typeof createSender>[0]);
      senders.push(sender);
      await pause((i / agents) * intervalMs, signal);
      while (!signal.aborted) {
        sender.offer(agent.batch(Date.now()));
        await pause(intervalMs, signal);
      }
    }),
  );
  return {
    account() {
      const sum = { offered: 0, acknowledged: 0, queued: 0, dropped: {} as Record<string, number>, retries: 0 };
      for (const sender of senders) {
        const stats = sender.stats();
        sum.offered += stats.offered.samples;
        sum.acknowledged += stats.acknowledged.samples;
        sum.queued += stats.queued.samples;
        sum.retries += stats.retries;
        for (const [reason, { samples }] of stats.dropped) sum.dropped[reason] = (sum.dropped[reason] ?? 0) + samples;
      }
      return sum;
    },
    async close() {
      await done;
      await Promise.all(senders.map((sender) => sender.close(20_000)));
    },
  };
}

export interface Asked {
  readonly seconds: number[];
  readonly failures: Map<string, number>;
}

/** Asks for a path again and again, on a connection of its own each time as probes do, and notes how long answers took. */
export async function ask(
  url: string,
  { everyMs, headers = {}, signal }: { everyMs: number; headers?: Record<string, string>; signal: AbortSignal },
): Promise<Asked> {
  const asked: Asked = { seconds: [], failures: new Map() };
  while (!signal.aborted) {
    const started = performance.now();
    let failure = '';
    try {
      const answer = await fetch(url, {
        headers: { connection: 'close', ...headers },
        signal: AbortSignal.timeout(10_000),
      });
      await answer.arrayBuffer();
      if (answer.status !== 200) failure = String(answer.status);
    } catch (error) {
      failure = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).name;
    }
    if (failure === '') asked.seconds.push((performance.now() - started) / 1000);
    else asked.failures.set(failure, (asked.failures.get(failure) ?? 0) + 1);
    await pause(everyMs, signal);
  }
  return asked;
}
