/** The log's folder: whose it is, one collector's at a time, and what is said where it cannot be used. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { refusedPlace, takePlace, tryPlace } from '../../../collector/log/place.ts';
import { silent } from '../../../src/log.ts';

describe('the folder', () => {
  function folder(): string {
    const path = mkdtempSync(join(tmpdir(), 'plimsoll-place-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    return path;
  }

  test('is one collector’s at a time; one that was killed does not keep it', async () => {
    const path = folder();
    const place = await takePlace(path, silent);
    expect(place?.path).toBe(join(path, 'collector'));
    await expect(takePlace(path, silent)).rejects.toThrow(
      `data_dir: ${path}/collector is used by another collector: must be a folder of this one's own, or "none"`,
    );
    // A check beside it does not fail for that, nor keep a start from the folder.
    expect(await tryPlace(path)).toBe(join(path, 'collector'));
    await place?.release();
    // What a killed one leaves behind answers nobody.
    writeFileSync(join(path, 'collector', 'x'), '');
    const next = await takePlace(path, silent);
    await next?.release();
  });

  test('that is no folder is refused at the start, with what to do', async () => {
    const path = folder();
    writeFileSync(join(path, 'file'), '');
    await expect(takePlace(join(path, 'file'), silent)).rejects.toThrow(
      /a part of the path is no folder\): set data_dir to/,
    );
    await expect(tryPlace(join(path, 'file'))).rejects.toThrow('data_dir: ');
  });

  test('that is somebody else’s is refused, though we may write there', async () => {
    const path = folder();
    const other = (process.getuid?.() ?? 0) + 4711;
    vi.spyOn(process, 'getuid').mockReturnValue(other);
    onTestFinished(() => void vi.restoreAllMocks());
    const refusal = `it belongs to the user ${other - 4711}, and we are ${other}`;
    await expect(takePlace(path, silent)).rejects.toThrow(refusal);
    await expect(tryPlace(join(path))).rejects.toThrow(refusal);
  });

  test('that is read-only, or on a full disk, is told so with what to do', () => {
    const refused = (code: string): string => refusedPlace('/x', Object.assign(new Error(), { code })).message;
    expect(refused('EROFS')).toBe(
      'data_dir: /x cannot be used (the file system is read-only): set data_dir to a folder that we may write to, or to none',
    );
    expect(refused('EACCES')).toContain(
      '(we may not write there): set data_dir to a folder that we may write to, or to none',
    );
    expect(refused('ENOSPC')).toContain('(the disk is full): make room there, or set data_dir');
  });

  test('in which the lock cannot be made is refused as one that cannot be written is: in words, which `auto` turns into a warning', async () => {
    const path = folder();
    // What a file system refuses for the lock's own file: here, because something stands in its place that no file can replace.
    mkdirSync(join(path, 'plimsoll', 'collector', 'lock', 'x'), { recursive: true });
    await expect(takePlace(join(path, 'plimsoll'), silent)).rejects.toThrow(/^data_dir: .* cannot be used/);
  });

  test('may have a path longer than a socket’s', async () => {
    const path = join(folder(), 'x'.repeat(120));
    const place = await takePlace(path, silent);
    await expect(takePlace(path, silent)).rejects.toThrow('another collector');
    await place?.release();
  });

  test('is not made by a check', async () => {
    const path = join(folder(), 'not', 'there');
    expect(await tryPlace(path)).toBe(join(path, 'collector'));
    symlinkSync('nowhere', join(folder(), 'link'));
    expect(await tryPlace('none')).toBeUndefined();
  });
});
