/** The program under check inside the machine, and its two expositions. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fetchText } from '../support/http.ts';
import { waitFor } from '../support/wait.ts';
import { type Sample, samplesOf, valueIn } from './exposition.ts';

/** Between two ticks. Emulated, a tick takes tens of milliseconds. */
export const TICK_MS = 2000;
/** A busy emulated machine needs its time. */
export const PATIENCE_MS = 180_000;

/** The section `agent` of the configuration. */
export type AgentSettings = Readonly<Record<string, unknown>>;

export interface PlimsollOptions {
  readonly checkout: string;
  readonly settings: AgentSettings;
  /** The beginning of a command line that makes it run as another user: an agent alone, beside the one of root. */
  readonly become?: readonly string[];
}

export interface Plimsoll {
  /** The agent's exposition as it is. */
  page(): Promise<string>;
  agent(): Promise<Sample[]>;
  collector(): Promise<Sample[]>;
  /** The agent's exposition of a tick that began after now, in which the container of that name was alive. */
  after(name: string): Promise<Sample[]>;
  /** The agent's exposition, all of it read after now. */
  fresh(): Promise<Sample[]>;
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts `plimsoll run` (or, for another user, `plimsoll agent`) from the checkout and waits until it has data. Windows stay open
 * for the usual ten seconds: emulated, a batch may well be some seconds under way.
 */
export async function startPlimsoll({ checkout, settings, become = [] }: PlimsollOptions): Promise<Plimsoll> {
  const alone = become.length > 0;
  const listen = alone ? '127.0.0.1:9741' : '127.0.0.1:9641';
  const main = `${checkout}/dist/src/cli/main.js`;
  const words = [
    ...become,
    process.execPath,
    main,
    alone ? 'agent' : 'run',
    '--config',
    configuration(settings, listen),
  ];
  const [program = '', ...args] = alone ? words : [...words, '--no-table'];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece: Buffer) => {
      said += piece.toString();
      process.stdout.write(piece);
    });
  }
  const page = async (): Promise<string> => (await fetchText(`http://${listen}/metrics`)).text;
  const agent = async (): Promise<Sample[]> => samplesOf(await page());
  await waitFor(async () => (await agent()).length > 0, { timeoutMs: PATIENCE_MS, everyMs: 500, what: 'the agent' });
  return {
    page,
    agent,
    collector: async () => samplesOf((await fetchText('http://127.0.0.1:9640/metrics')).text),
    after: (name) => afterNow(agent, name),
    fresh: () => twoTicksOn(agent),
    log: () => said,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** JSON is YAML. */
function configuration(settings: AgentSettings, listen: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-'));
  chmodSync(dir, 0o755);
  const file = join(dir, 'plimsoll.yaml');
  // A source that is given up leaves a tick without its numbers; where the host is busy too, reading takes seconds.
  const agent = { listen, interval: `${TICK_MS}ms`, deadline: '60s', ...settings };
  writeFileSync(file, JSON.stringify({ agent, collector: { window: `${TICK_MS}ms` } }));
  return file;
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

/** The tick that runs now is not believed. */
async function twoTicksOn(agent: Plimsoll['agent']): Promise<Sample[]> {
  const ticks = (samples: readonly Sample[]): number => valueIn(samples, 'plimsoll_agent_ticks_total') ?? Number.NaN;
  const before = ticks(await agent());
  return waitFor(
    async () => {
      const samples = await agent();
      return ticks(samples) >= before + 2 && samples;
    },
    { timeoutMs: PATIENCE_MS, everyMs: 200, what: 'two ticks' },
  );
}
