import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openKeptLog } from '../../collector/keptlog.ts';
import { takePlace } from '../../collector/log/place.ts';
import { schema } from '../../src/config/schema.ts';
import { silent } from '../../src/log.ts';
import { fakeClock } from '../support/clock.ts';

test('a file that cannot be read at the start is said in words that name the key, and the folder is free again', async () => {
  const path = mkdtempSync(join(tmpdir(), 'plimsoll-kept-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  // In place of the cursor of the sink.
  mkdirSync(join(path, 'collector', 'cursor-main.json'), { recursive: true });
  const sink = { name: 'main', wants: () => 1, write: () => Promise.reject(), close: () => Promise.resolve() };
  const opening = openKeptLog({
    config: schema.parse({ data_dir: path }),
    clock: fakeClock(0),
    log: silent,
    outlets: [{ sink, maxFrames: 10, maxSamples: 10, deadlineMs: 1000 }],
  });
  await expect(opening).rejects.toThrow(
    /^data_dir: .*\/collector cannot be used \(EISDIR.*\): set data_dir to a folder/,
  );
  await (await takePlace(path, silent))?.release();
});
