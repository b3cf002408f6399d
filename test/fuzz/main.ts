/**
 * `npm run fuzz [-- wire answers …] [--inputs 1000000] [--seed 1]`: makes inputs of those that are kept, keeps the ones that reach code which
 * none before did, and stops at the first fault, which is kept too. Guided by the engine's own coverage counters.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { oneOf, type Random, randomOf } from '../hostile/attack.ts';
import { type Corpus, openCorpus } from './corpus.ts';
import { startCoverage, type Tracker } from './coverage.ts';
import { mutate } from './mutate.ts';
import type { Target } from './target.ts';
import { TARGETS } from './targets/index.ts';

/** From dist-bench/test/fuzz to the checkout. */
const CORPUS = fileURLToPath(new URL('../../../test/fuzz/corpus/', import.meta.url));
const OURS = /\/dist-bench\/(src|agents|collector)\//;
/** Inputs between two looks at the counters, which cost as much as some hundred inputs. */
const INPUTS_A_LOOK = 500;
/** An input that takes longer is a fault of its own. */
const TOO_LONG_MS = 2000;

const { values, positionals } = parseArgs({
  options: { inputs: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
  allowPositionals: true,
});

for (const target of TARGETS) {
  if (positionals.length > 0 && !positionals.includes(target.name)) continue;
  fuzz(target, openCorpus(`${CORPUS}${target.name}`), randomOf(Number(values.seed)));
}

function fuzz(target: Target, corpus: Corpus, random: Random): void {
  const coverage = startCoverage(OURS);
  const tracker = coverage.tracker();
  const started = performance.now();
  // What the kept inputs do not reach, seeds may.
  for (const input of corpus.inputs) attempt(target, corpus, input);
  tracker.isNew();
  for (const input of target.seeds()) {
    attempt(target, corpus, input);
    if (tracker.isNew()) corpus.keep(input);
  }
  const all = Number(values.inputs);
  let slowest = 0;
  for (let done = 0; done < all; ) {
    const inputs = Array.from({ length: Math.min(INPUTS_A_LOOK, all - done) }, () =>
      mutate(oneOf(random, corpus.inputs), oneOf(random, corpus.inputs), random),
    );
    for (const input of inputs) slowest = Math.max(slowest, attempt(target, corpus, input));
    done += inputs.length;
    if (tracker.isNew()) keepNew(target, { corpus, fresh: coverage.tracker(), inputs });
  }
  const { all: characters, missing } = tracker.seen;
  coverage.stop();
  const seconds = (performance.now() - started) / 1000;
  const reached = ((1 - missing / characters) * 100).toFixed(1);
  console.log(
    `${target.name}: ${all} inputs in ${seconds.toFixed(0)} s, no fault; slowest ${slowest.toFixed(0)} ms; ` +
      `${corpus.inputs.length} inputs kept, ${reached} % of the functions reached`,
  );
}

interface Found {
  readonly corpus: Corpus;
  readonly fresh: Tracker;
  readonly inputs: readonly Uint8Array[];
}

/** One of the inputs reached something new: which, is found by running each alone, with counters that know the kept ones only. */
function keepNew(target: Target, { corpus, fresh, inputs }: Found): void {
  for (const input of corpus.inputs) attempt(target, corpus, input);
  fresh.isNew();
  for (const input of inputs) {
    attempt(target, corpus, input);
    if (fresh.isNew()) corpus.keep(input);
  }
}

/** Runs it; answers the milliseconds of CPU it took: a busy machine is no fault. A fault is kept and ends the program. */
function attempt(target: Target, corpus: Corpus, input: Uint8Array): number {
  const before = process.cpuUsage();
  try {
    target.run(input);
  } catch (error) {
    console.error(`${target.name}: a fault, kept as ${corpus.keep(input)}:`, error);
    process.exit(1);
  }
  const { user, system } = process.cpuUsage(before);
  const took = (user + system) / 1000;
  if (took < TOO_LONG_MS) return took;
  console.error(`${target.name}: an input that takes ${took.toFixed(0)} ms, kept as ${corpus.keep(input)}`);
  process.exit(1);
}
