/** For `plimsoll check`: everything that a collector's start looks at but its address, and each sink asked whether it would take what is written. */
import type { Writable } from 'node:stream';
import type { Config } from '../src/config/schema.ts';
import { SinkError } from '../src/errors.ts';
import type { Clock } from '../src/run/clock.ts';
import { configuredLevels } from './levels.ts';
import { tryPlace } from './log/place.ts';
import { createOutlets } from './sinks/list.ts';
import type { Sink } from './sinks/sink.ts';

export interface CheckedSink {
  readonly name: string;
  readonly ok: boolean;
  readonly words: string;
}

export interface CollectorCheck {
  readonly config: Config;
  readonly clock: Clock;
  readonly stdout: Writable;
}

/** Where windows are kept, in words. Rejects with a ConfigError as the start would, and where a start would only warn. */
export async function checkKept({ data_dir: setting }: Config): Promise<string> {
  const path = await tryPlace(setting);
  return path === undefined ? 'nothing (data_dir is none)' : `in ${path}`;
}

/** Rejects with a ConfigError as the start would. */
export async function checkCollector({ config, clock, stdout }: CollectorCheck): Promise<CheckedSink[]> {
  configuredLevels(config);
  const sinks = createOutlets(config.sinks, { clock, stdout, cluster: config.cluster }).map(({ sink }) => sink);
  const checked = sinks.map((sink) => checkedSink(sink, config.sinks[sink.name]?.timeout ?? 0));
  return Promise.all(checked);
}

async function checkedSink(sink: Sink, timeoutMs: number): Promise<CheckedSink> {
  const { name } = sink;
  try {
    // A while longer than the sink itself gives the server, so that it can say so.
    const words = await sink.probe?.(AbortSignal.timeout(timeoutMs + 2000));
    return { name, ok: true, words: words ?? 'nothing to ask' };
  } catch (error) {
    if (!(error instanceof SinkError)) throw error;
    return { name, ok: false, words: error.message };
  } finally {
    await sink.close();
  }
}
