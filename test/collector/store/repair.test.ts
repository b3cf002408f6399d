/** Repairing: whatever byte of a part is not what it was, what comes out can be read throughout, is not more than there was, and the rest is whole. */
import { expect, test } from 'vitest';
import { mendParts } from '../../../collector/store/life/mend.ts';
import { storeDisk } from '../../support/storedisk.ts';
import { coreOf, receive, tendAll } from '../../support/storecore.ts';
import { toldByStore } from './model.ts';

const T0 = 1_800_000_000_000;
const SPOILED = '0000000001-received-0.part';

/** Two parts of two metrics, with 20 samples of each. */
function written() {
  const disk = storeDisk();
  const core = coreOf({ files: disk });
  for (const part of [0, 1]) {
    for (const name of ['x', 'y'])
      receive(
        core,
        { __name__: name, part: `${part}` },
        Array.from({ length: 20 }, (_, i) => [T0 + part * 1e6 + i * 1000, Math.sqrt(i)] as const),
      );
    core.seal(T0);
  }
  core.close();
  return disk;
}

/** By series. */
function told(core: ReturnType<typeof coreOf>) {
  return toldByStore(core.source, [], [0, 1e14]);
}

test('a flipped bit anywhere', () => {
  const whole = told(coreOf({ files: written() }));
  expect(whole.size).toBe(4);
  const length = written().size(SPOILED);
  for (let at = 0; at < length; at += 5) {
    const disk = written();
    const bytes = disk.bytesOf(SPOILED);
    bytes[at] = (bytes[at] as number) ^ 16;
    mendParts(coreOf({ files: disk }).folder);
    const mended = coreOf({ files: disk });
    expect(mended.folder.parts.flatMap(({ part }) => part.check())).toEqual([]);
    const now = told(mended);
    // What is left of each series is as it was; those of the other part are there.
    for (const [series, points] of now) for (const point of points) expect(whole.get(series)).toContainEqual(point);
    for (const series of ['__name__=x,part=1', '__name__=y,part=1']) expect(now.get(series)).toEqual(whole.get(series));
    expect(disk.list()).toContain(`${SPOILED}.damaged`);
  }
});

test.each([
  ['merged', (core: ReturnType<typeof coreOf>) => tendAll(core, T0 + 2 * 86_400_000)],
  [
    'deleted from',
    (core: ReturnType<typeof coreOf>) =>
      core.erase([{ name: 'part', op: '=', value: '0' }], { fromMs: 0, toMs: 1e14, nowMs: T0 }),
  ],
])(
  'parts with a flipped bit anywhere are %s: what can be read goes on, the damaged file stays aside, and nothing stops',
  (what, change) => {
    const whole = told(coreOf({ files: written() }));
    const length = written().size(SPOILED);
    for (let at = 0; at < length; at += 17) {
      const disk = written();
      const bytes = disk.bytesOf(SPOILED);
      bytes[at] = (bytes[at] as number) ^ 16;
      const core = coreOf({ files: disk });
      receive(core, { __name__: 'z' }, [[T0, 1]]);
      core.seal(T0);
      change(core);
      expect(core.folder.trouble).toBeUndefined();
      expect(core.folder.damaged).toBe(1);
      const now = told(core);
      if (what === 'deleted from') expect([...now.keys()].filter((series) => series.endsWith('part=0'))).toEqual([]);
      // What could not even be opened is named no more.
      expect(core.folder.manifest.parts).toHaveLength(core.folder.parts.length);
      for (const series of ['__name__=x,part=1', '__name__=y,part=1'])
        expect(now.get(series)).toEqual(whole.get(series));
    }
  },
);
