/** System calls per container and tick, counted by strace, without scrapes. */
import { spawn, spawnSync } from 'node:child_process';
import { pause, type Row } from './process.ts';
import type { Program } from './programs.ts';

export interface SyscallOptions {
  readonly agent: Program;
  readonly containers: number;
  readonly intervalSeconds: number;
}

const TICKS = 2;
const NAMED = 5;

export async function systemCalls({ agent, containers, intervalSeconds }: SyscallOptions): Promise<Row[]> {
  const what = 'system calls per container and tick';
  if (spawnSync('strace', ['-V']).error) {
    return [{ what, value: 'strace is missing: apt-get install strace', target: '' }];
  }
  const intervalMs = intervalSeconds * 1000;
  // From the middle of an interval, so that whole ticks are seen.
  await pause(intervalMs - (Date.now() % intervalMs) + intervalMs / 2);
  const calls = await counted(agent.pid, TICKS * intervalMs);
  const each = (count: number): string => (count / containers / TICKS).toFixed(1);
  const total = calls.reduce((sum, [, count]) => sum + count, 0);
  const byName = [...calls].sort(([, a], [, b]) => b - a).slice(0, NAMED);
  return [
    { what, value: each(total), target: '' },
    ...byName.map(([name, count]) => ({ what: `… ${name}`, value: each(count), target: '' })),
  ];
}

/** Calls by name, of all threads. */
async function counted(pid: number, forMs: number): Promise<[name: string, count: number][]> {
  const strace = spawn('strace', ['-c', '-f', '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  strace.stderr.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  const ended = new Promise((resolve) => strace.once('exit', resolve));
  await pause(forMs);
  strace.kill('SIGINT');
  await ended;
  // % time, seconds, µs per call, calls, errors (may be missing), name.
  const lines = said.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?([a-z]\w*)$/gm);
  return [...lines]
    .map((match): [string, number] => [match[2] as string, Number(match[1])])
    .filter(([name]) => name !== 'total');
}
