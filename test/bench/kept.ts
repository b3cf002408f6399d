/**
 * `npm run bench kept`: what keeping costs the collector. Three of this build in rounds, with 200 agents × 30 containers × 33 metrics: `data_dir: none`, with the log, and with
 * the log and the store behind it. Prints CPU per million samples, the ratio to the first round by round, memory, and what went to the disk (BENCH_LOG_DIR says where).
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchText } from '../support/http.ts';
import { pageOf } from '../support/page.ts';
import { costOf, mb, printTable, type Row } from './process.ts';
import { type Program, startProgram } from './programs.ts';
import { compared, inRounds, ROUND_FLAGS, sideOf } from './rounds.ts';

const WARM_UP = 6;
const ROUNDS = Number(process.env.BENCH_TICKS ?? 30);

export async function benchKept(): Promise<void> {
  const folder = mkdtempSync(join(process.env.BENCH_LOG_DIR ?? tmpdir(), 'plimsoll-kept-'));
  const programs: Program[] = [];
  try {
    const start = async (...flags: string[]): Promise<void> => {
      programs.push(await startProgram('collector', [...ROUND_FLAGS, ...flags]));
    };
    await start('--data_dir', 'none');
    await start('--data_dir', join(folder, 'log'), '--store.enabled', 'false');
    await start('--data_dir', join(folder, 'store'));
    const used = await inRounds(programs.map(sideOf), { warmUp: WARM_UP, rounds: ROUNDS });
    const none = used[0]?.plain as readonly number[];
    const sides = used.map(({ plain }) => compared(plain, none));
    const log = programs[1] as Program;
    printTable(`What keeping costs, ${ROUNDS} rounds: nothing kept / the log / the log and the store`, [
      row(
        'CPU seconds per million samples',
        sides.map(({ perMillion }) => perMillion.toFixed(3)),
        '',
      ),
      row(
        '… beside nothing kept, median of the rounds',
        sides.map(({ ratio }) => ratio.toFixed(3)),
        '≤ 1.25 with the log',
      ),
      row(
        'RSS',
        programs.map(({ pid }) => mb(costOf(pid).rssBytes)),
      ),
      row(
        '… at most',
        programs.map(({ pid }) => mb(costOf(pid).peakRssBytes)),
      ),
      ...(await written(log, join(folder, 'log'))),
    ]);
  } finally {
    for (const program of programs) await program.stop();
    rmSync(folder, { recursive: true });
  }
}

/** What the log's collector has written: by its own count, in its folder, and by the kernel's. */
async function written({ pid, url }: Program, folder: string): Promise<Row[]> {
  const page = pageOf((await fetchText(`${url}/metrics`)).text);
  const samples = page.sum('plimsoll_log_samples_total') ?? 0;
  const own = page.sum('plimsoll_log_written_bytes_total') ?? 0;
  const disk = Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1]);
  const perSample = (bytes: number): string => (bytes / samples).toFixed(3);
  const log = join(folder, 'collector');
  const held = (ending: string): number =>
    readdirSync(log).reduce((sum, name) => sum + (name.endsWith(ending) ? statSync(join(log, name)).size : 0), 0);
  return [
    row('samples in the log', [String(samples)]),
    row('bytes per sample in its segments', [perSample(own)], '≤ 1.2'),
    row('bytes of the newest segment’s copy', [mb(held('.copy'))]),
    row('bytes per sample that the kernel wrote to the disk, with the copy', [perSample(disk)]),
  ];
}

function row(what: string, values: readonly string[], target = ''): Row {
  return { what, value: values.join(' / '), target };
}
