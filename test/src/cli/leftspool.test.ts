/** A spool that an agent left is told of at the start of `plimsoll run`, which does not send it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { leftSpool } from '../../../src/cli/leftspool.ts';

test('files of batches that wait are told of with the folder and the way out; nothing, a lock or damage alone is no word', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-left-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  expect(leftSpool(undefined)).toBeUndefined();
  expect(leftSpool(join(folder, 'not-there'))).toBeUndefined();
  writeFileSync(join(folder, 'lock'), '');
  writeFileSync(join(folder, '00000001.spool.damaged'), '');
  expect(leftSpool(folder)).toBeUndefined();
  writeFileSync(join(folder, '00000002.spool'), 'x');
  expect(leftSpool(folder)).toMatch(
    new RegExp(`wait in ${folder} \\(1 file\\).*plimsoll run sends none: plimsoll agent`),
  );
});
