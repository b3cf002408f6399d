/**
 * What questions over HTTP cost the collector, its store filled as for the peers' bench: CPU milliseconds of the whole process, the asking among them, which are
 * fair on a busy machine, and the time it took. Once with the last quarter of an hour in memory, as it is while the collector runs, once all in parts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchText } from '../support/http.ts';
import { mb, median, printTable } from './process.ts';
import { fillOurs } from './stored/ours.ts';
import { addressOf, digest, QUESTIONS } from './stored/questions.ts';
import { CONTAINERS } from './stored/windows.ts';

const RUNS = Number(process.env.BENCH_RUNS ?? 25);
/** Only questions that hold this text. */
const ONLY = process.env.BENCH_ONLY ?? '';

export async function benchAsked(): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'plimsoll-asked-'));
  try {
    const { store, url, samples } = await fillOurs(path);
    const filledBytes = process.memoryUsage.rss();
    await ask(url, `${CONTAINERS} containers, ${(samples / 1e6).toFixed(1)} million samples, the last in memory`);
    await store.settle(true);
    await ask(url, 'all in parts');
    console.log(`\nresident: ${mb(filledBytes)} filled, ${mb(process.memoryUsage.rss())} after the questions`);
    await store.close();
  } finally {
    rmSync(path, { recursive: true });
  }
  process.exit(0);
}

async function ask(url: string, of: string): Promise<void> {
  const rows = [];
  for (const [query, hours, step] of QUESTIONS.filter(([query]) => query.includes(ONLY))) {
    const took: number[] = [];
    const address = addressOf(url, { query, hours, step });
    let text = '';
    // The first runs are the compiler's.
    for (let i = 0; i < RUNS; i++) ({ text } = await fetchText(address));
    const before = process.cpuUsage();
    for (let i = 0; i < RUNS; i++) {
      const from = performance.now();
      await fetchText(address);
      took.push(performance.now() - from);
    }
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1000 / RUNS;
    rows.push({ what: query, value: `${cpuMs.toFixed(1)} / ${median(took).toFixed(1)}`, target: digest(text) });
  }
  printTable(`${of}: CPU ms a question, ms it took (median of ${RUNS})`, rows);
}
