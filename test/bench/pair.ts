/**
 * `npm run bench pair`: this build and another one (`BENCH_AGAINST`, the path of its dist/src/cli/main.js) in rounds, without a log: CPU per million samples, and the ratio
 * round by round.
 */
import { costOf, mb, printTable, type Row } from './process.ts';
import { startProgram } from './programs.ts';
import { compared, inRounds, ROUND_FLAGS, sideOf } from './rounds.ts';

const WARM_UP = 6;
const ROUNDS = Number(process.env.BENCH_TICKS ?? 30);
const SCRAPE_EVERY = 5;

export async function benchPair(): Promise<void> {
  const against = process.env.BENCH_AGAINST;
  if (against === undefined)
    throw new Error('BENCH_AGAINST: not set; legal is the path of another build, …/dist/src/cli/main.js');
  const programs = [
    await startProgram('collector', ROUND_FLAGS),
    await startProgram('collector', ROUND_FLAGS, [], against),
  ];
  try {
    const used = await inRounds(programs.map(sideOf), { warmUp: WARM_UP, rounds: ROUNDS, scrapeEvery: SCRAPE_EVERY });
    const [ours, theirs] = used;
    printTable(`Two collectors in ${ROUNDS} rounds: this build / the other`, [
      row('CPU seconds per million samples, rounds without a scrape', ours?.plain, theirs?.plain),
      row('the same, with a scrape of both pages as plain text', ours?.scraped, theirs?.scraped),
      { what: 'RSS', value: programs.map(({ pid }) => mb(costOf(pid).rssBytes)).join(' / '), target: '' },
    ]);
  } finally {
    for (const program of programs) await program.stop();
  }
}

function row(what: string, ours: readonly number[] = [], theirs: readonly number[] = []): Row {
  const { perMillion, ratio } = compared(ours, theirs);
  const other = compared(theirs, ours).perMillion;
  return {
    what,
    value: `${perMillion.toFixed(3)} / ${other.toFixed(3)}`,
    target: `ratio of the rounds, median: ${ratio.toFixed(3)}`,
  };
}
