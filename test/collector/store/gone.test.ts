/** Days whose raw samples have gone: what comes for them later is added to their downsamples, and takes nothing away. */
import { expect, test } from 'vitest';
import { StoreCore } from '../../../collector/store/core.ts';
import { silent } from '../../../src/log.ts';
import { Packer } from '../../../collector/store/received/packing.ts';
import { labels } from '../../../src/model/labels.ts';
import { storeDisk } from '../../support/storedisk.ts';
import { INSTANCE, toldByStore } from './model.ts';

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const HOUR_MS = 3_600_000;
/** Midnight. */
const DAY = 20_000 * DAY_MS;
const NOW = DAY + 30 * DAY_MS + 7 * HOUR_MS;

function stage(maxBytes = 1e12) {
  const core = new StoreCore({
    files: storeDisk(),
    log: silent,
    instance: INSTANCE,
    // Raw samples go after a day; samples of a year are taken.
    retention: { single: [DAY_MS, YEAR_MS, YEAR_MS], group: [DAY_MS, YEAR_MS, YEAR_MS], maxBytes },
    taking: { acceptAgeMs: YEAR_MS, maxSeries: 100 },
    breathe: () => undefined,
    onNoted: () => undefined,
  });
  const packer = new Packer();
  let nowMs = NOW;
  return {
    core,
    /** A sample each minute of an hour, sealed; then all that is due is done. */
    bring(name: string, hour: number) {
      const timesMs = Float64Array.from({ length: 60 }, (_, i) => DAY + hour * HOUR_MS + (i + 1) * 60_000);
      const series = { labels: labels([['__name__', name]]), timesMs, values: timesMs.map((_, i) => i) };
      expect(core.receiving.take([{ series: packer.pack([series]), info: [] }], nowMs)[0]).toMatchObject({
        accepted: 60,
      });
      core.seal(nowMs);
      for (let i = 0; i < 10; i++) {
        nowMs += 5000;
        core.tend(nowMs);
      }
    },
    /** The times of day, in minutes, at which there is something. */
    minutes(name: string): number[] {
      const told = toldByStore(core.source, [{ name: '__name__', op: '=', value: name }], [0, 1e14]);
      return [...told.values()].flatMap((points) => points.map(([timeMs]) => (timeMs - DAY) / 60_000));
    },
  };
}

/** Of an hour after one o'clock in slots of 5 minutes: twelve. */
const slots = (hour: number) => Array.from({ length: 12 }, (_, i) => hour * 60 + 5 * (i + 1));

test('a second import of an old day leaves what the first one brought', () => {
  const { bring, minutes, core } = stage();
  bring('first', 1);
  expect(core.folder.parts.map(({ resolutionMs }) => resolutionMs)).toEqual([300_000, HOUR_MS]);
  expect(minutes('first')).toEqual(slots(1));
  bring('second', 2);
  expect(minutes('first')).toEqual(slots(1));
  expect(minutes('second')).toEqual(slots(2));
  // And more of the same series.
  bring('first', 3);
  expect(minutes('first')).toEqual([...slots(1), ...slots(3)]);
  expect(core.folder.parts.filter(({ resolutionMs }) => resolutionMs === 0)).toEqual([]);
});
