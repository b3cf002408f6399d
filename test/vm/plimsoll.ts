/** The program under check inside the machine, and its two expositions. */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fetchText } from '../support/http.ts';
import { waitFor } from '../support/wait.ts';
import { type Sample, samplesOf, valueIn } from './exposition.ts';

/** Between two ticks. Emulated, a tick takes tens of milliseconds. */
export const TICK_MS = 2000;

const AGENT = 'http://127.0.0.1:9641';
const COLLECTOR = 'http://127.0.0.1:9640';
/** A busy emulated machine needs its time. */
const PATIENCE_MS = 120_000;

export interface Plimsoll {
  agent(): Promise<Sample[]>;
  collector(): Promise<Sample[]>;
  /** The agent's exposition of a tick that began after now, in which the container of that name was alive. */
  after(name: string): Promise<Sample[]>;
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts `plimsoll run` from the checkout and waits until it has data. Windows stay open for the usual ten seconds: emulated,
 * a batch may well be some seconds under way.
 */
export async function startPlimsoll(checkout: string): Promise<Plimsoll> {
  const main = `${checkout}/dist/src/cli/main.js`;
  const flags = ['--agent.interval', `${TICK_MS}ms`, '--collector.window', `${TICK_MS}ms`];
  const child = spawn(process.execPath, [main, 'run', '--no-table', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece: Buffer) => {
      said += piece.toString();
      process.stdout.write(piece);
    });
  }
  const agent = async (): Promise<Sample[]> => samplesOf((await fetchText(`${AGENT}/metrics`)).text);
  await waitFor(async () => (await agent()).length > 0, { timeoutMs: PATIENCE_MS, everyMs: 500, what: 'the agent' });
  return {
    agent,
    collector: async () => samplesOf((await fetchText(`${COLLECTOR}/metrics`)).text),
    after: (name) => afterNow(agent, name),
    log: () => said,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function afterNow(agent: Plimsoll['agent'], name: string): Promise<Sample[]> {
  // A tick takes less than its interval: one that is seen an interval later also began after now.
  const seconds = (Date.now() + TICK_MS) / 1000;
  await delay(TICK_MS);
  return waitFor(
    async () => {
      const samples = await agent();
      return (valueIn(samples, 'container_last_seen', { name }) ?? 0) > seconds && samples;
    },
    { timeoutMs: PATIENCE_MS, everyMs: 200, what: `a tick with ${name}` },
  );
}
