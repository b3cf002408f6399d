/**
 * The engine over a store as the one whom a script asks: each section's samples come as those of others do and are sealed into parts, so that head, codecs, parts
 * and selecting are between the script and its answer. A section begins with an empty store, and its times are as they are written.
 */
import { createEngine, DEFAULT_LIMITS } from '../../collector/query/engine.ts';
import { StoreCore } from '../../collector/store/core.ts';
import { Packer } from '../../collector/store/received/packing.ts';
import type { ReceivedSeries } from '../../collector/store/types.ts';
import { silent } from '../../src/log.ts';
import { labels as labelsOf } from '../../src/model/labels.ts';
import { systemClock } from '../../src/run/clock.ts';
import { storeDisk } from '../support/storedisk.ts';
import type { Asked } from './asking.ts';
import { plainAnswer } from './asking.ts';
import { samplesOf } from './script.ts';

const EVER = 1e15;
/** Later than any script's samples. */
const NOW_MS = 1e14;

export function inStore(): Asked {
  let core = emptyStore();
  const engine = createEngine(DEFAULT_LIMITS, () => systemClock.monotonic());
  return {
    baseMs: 0,
    clear: async () => {
      core = emptyStore();
    },
    load: async ({ series, stepMs }) => {
      const received = series.map((line) => receivedOf(line.labels, samplesOf(line, stepMs)));
      const [outcome] = core.receiving.take([{ series: new Packer().pack(received), info: [] }], NOW_MS);
      if (outcome === undefined || outcome.dropped.size > 0) throw new Error(`not kept: ${outcome?.problem}`);
      core.seal(NOW_MS);
    },
    ask: async ({ expr, startMs, endMs, stepMs }) =>
      plainAnswer(engine.query({ query: expr, startMs, endMs, stepMs }, core.source)),
  };
}

function emptyStore(): StoreCore {
  return new StoreCore({
    files: storeDisk(),
    log: silent,
    instance: 'here:9640',
    retention: { single: [EVER, EVER, EVER], group: [EVER, EVER, EVER], maxBytes: EVER },
    taking: { acceptAgeMs: EVER, maxSeries: EVER },
    breathe: () => undefined,
    onNoted: () => undefined,
  });
}

/** Native histograms are left out, as the cases that ask for them are. */
function receivedOf(pairs: Parameters<typeof labelsOf>[0], all: ReturnType<typeof samplesOf>): ReceivedSeries {
  const samples = all.filter(({ value }) => value !== 'histogram');
  return {
    labels: labelsOf([...pairs].filter(([, value]) => value !== '')),
    timesMs: Float64Array.from(samples, ({ ms }) => ms),
    values: Float64Array.from(samples, ({ value }) => (typeof value === 'number' ? value : Number.NaN)),
    stale: samples.flatMap(({ value }, i) => (value === 'stale' ? [i] : [])),
  };
}
