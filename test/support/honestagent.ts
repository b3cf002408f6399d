/** An agent that does nothing wrong, for beside those who do: the real sender, with made-up containers, one batch after the other. */
import { createSender } from '../../agents/send/sender.ts';
import type { SenderStats } from '../../agents/send/ledger.ts';
import { cpu } from '../../src/catalog/cpu.ts';
import { silent } from '../../src/log.ts';
import { labels, NO_LABELS } from '../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../src/model/table.ts';
import { systemClock } from '../../src/run/clock.ts';
import { createEncoder } from '../../src/wire/encode.ts';
import { waitFor } from './wait.ts';

export interface HonestAgent {
  /** Ends the ticks, waits until everything has been taken, and answers what became of it. */
  finish(): Promise<SenderStats>;
}

export interface HonestOptions {
  readonly url: string;
  readonly node?: string;
  readonly containers?: number;
  readonly everyMs?: number;
}

export function honestAgent({ url, node = 'honest', containers = 10, everyMs = 500 }: HonestOptions): HonestAgent {
  const session = `session-of-${node}`;
  const sender = createSender({
    url,
    encoder: createEncoder({ node, session }),
    clock: systemClock,
    log: silent,
    timeoutMs: 10_000,
    maxBatches: 10_000,
    maxBytes: 64 * 1024 * 1024,
  });
  const rows = Array.from({ length: containers }, (_, i) => container(node, i));
  let seq = 0;
  const tick = (): void => {
    const timeMs = Date.now();
    const values = new Float64Array(rows.length * cpu.columns.length).fill(Number.NaN);
    rows.forEach((_, r) => {
      values[cpu.at.usage * rows.length + r] = seq;
    });
    const table = { shape: cpu, rows, timesMs: new Float64Array(rows.length).fill(timeMs), values };
    sender.offer({ node, session, seq: ++seq, timeMs, tables: [table] });
  };
  tick();
  const timer = setInterval(tick, everyMs);
  return {
    async finish() {
      clearInterval(timer);
      await waitFor(() => sender.stats().queued.batches === 0, { timeoutMs: 60_000, what: `${node} to be heard` });
      await sender.close(1000);
      return sender.stats();
    },
  };
}

function container(node: string, i: number): EntityRow {
  const id = `${node}-${i}`;
  const service = labels([
    ['name', id],
    ['container_label_com_docker_compose_project', node],
    ['container_label_com_docker_compose_service', `s${i}`],
  ]);
  return entityRow({ key: id, kind: 'container', startMs: Date.now() - 60_000, labels: service }, NO_LABELS);
}
