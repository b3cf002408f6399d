/**
 * `npm run test:promql -- DIR|FILE… [--only REGEX] [--fails 5] [--store | --url http://…]`: runs PromQL test scripts in the format of Prometheus' own
 * against the engine, in this process, over samples in memory or (`--store`) in a store's parts; or against a server that takes remote-write of old samples; and counts by file. The scripts are others' work and no part of the project.
 * `npm run test:promql -- --against http://… [--ours http://…] [--questions 3000] [--seed 1] [--world 1] [--low]`: asks an empty server, and the engine or a collector with
 * an empty store, questions made up at random over the same samples, and prints what is answered differently. `--seen http://…` in place of `--ours`: a collector that
 * has sent the server what it saw of containers in the last minute or more.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { inProcess } from './asking.ts';
import { type Asker, compare, type Compared, engineOver, serverAt, without } from './differential.ts';
import type { Report } from './running.ts';
import { runScript } from './running.ts';
import { atServer } from './scripted.ts';
import { seenContainers, vocabularyAt } from './seen.ts';
import { inStore } from './stored.ts';
import { WORLD, world } from './world.ts';
import { remoteWrite } from './writing.ts';

const { values: options, positionals } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    fails: { type: 'string', default: '5' },
    store: { type: 'boolean', default: false },
    url: { type: 'string' },
    against: { type: 'string' },
    ours: { type: 'string' },
    seen: { type: 'string' },
    questions: { type: 'string', default: '3000' },
    seed: { type: 'string', default: '1' },
    world: { type: 'string', default: '1' },
    low: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

if (options.against) process.exit(await asDifferent(options.against));

const files = positionals
  .flatMap((path) =>
    statSync(path).isDirectory()
      ? readdirSync(path)
          .sort()
          .map((file) => join(path, file))
      : [path],
  )
  .filter((file) => file.endsWith('.test') && new RegExp(options.only).test(basename(file)));

if (files.length === 0) {
  console.error('usage: npm run test:promql -- DIR|FILE… [--only REGEX] [--fails 5]; no script was found');
  process.exit(2);
}

const asked = options.url ? atServer(options.url) : options.store ? inStore() : inProcess();
const reports: Report[] = [];
for (const file of files) {
  const report = await runScript(basename(file), readFileSync(file, 'utf8'), asked);
  reports.push(report);
  print(report);
}
const failed = sum(({ failures }) => failures.length);
console.log(`passed ${sum(({ passed }) => passed)}, failed ${failed}, left out ${sum(left)}`);
process.exit(failed > 0 ? 1 : 0);

function sum(count: (report: Report) => number): number {
  return reports.reduce((total, report) => total + count(report), 0);
}

function left({ skipped }: Report): number {
  return [...skipped.values()].reduce((total, count) => total + count, 0);
}

function print(report: Report): void {
  const { file, passed, failures, skipped } = report;
  const why = [...skipped].map(([reason, count]) => `${count} ${reason}`).join(', ');
  console.log(
    `${failures.length === 0 ? 'ok  ' : 'FAIL'} ${file.padEnd(28)} passed ${String(passed).padStart(4)}, failed ${failures.length}${why ? `; left out: ${why}` : ''}`,
  );
  for (const { line, expr, problem } of failures.slice(0, Number(options.fails)))
    console.log(`     line ${line}: ${expr}\n        ${problem}`);
}

/** The made-up world, written to both; or what an agent's collector has written to the server itself, which both have. */
async function asDifferent(url: string): Promise<number> {
  const range = { from: Number(options.seed), count: Number(options.questions) };
  const theirs = serverAt(url);
  let found: Compared;
  if (options.seen !== undefined) {
    const seen = seenContainers(Date.now());
    const vocabulary = await vocabularyAt(options.seen, seen);
    const compared = (asker: Asker): Asker => without(new Set(seen.without), asker);
    found = await compare({ theirs: compared(theirs), ours: compared(serverAt(options.seen)), vocabulary, ...range });
  } else {
    const series = world(Number(options.world), !options.low);
    for (const one of [url, ...(options.ours === undefined ? [] : [options.ours])]) await remoteWrite(one, series);
    const ours = options.ours === undefined ? engineOver(series) : serverAt(options.ours);
    found = await compare({ theirs, ours, vocabulary: WORLD, ...range });
  }
  for (const { seed, question, what } of found.differences)
    console.log(`${seed} ${JSON.stringify(question)}\n    ${what}`);
  const { asked, nonempty, refused, differences } = found;
  console.log(
    `asked ${asked}, answered with something ${nonempty}, refused by both ${refused}, different ${differences.length}`,
  );
  return differences.length > 0 ? 1 : 0;
}
