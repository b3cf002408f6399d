import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Words, majorOf, minorOf, readBlkio, readIoStat } from '../../../agents/cgroup/devices.ts';
import { readNumaStat } from '../../../agents/cgroup/numa.ts';

const NAMES = ['rbytes', 'wbytes', 'cost.usage', 'Read', 'Write'];
const words = new Words(NAMES);

/** What was called back, as `8:0 rbytes 1`. */
function lines(read: typeof readIoStat, text: string | Uint8Array): string[] {
  const out: string[] = [];
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  read(bytes, words, (device, word, value) =>
    out.push(`${majorOf(device)}:${minorOf(device)} ${NAMES[word]} ${value}`),
  );
  return out;
}

describe('io.stat', () => {
  test.each([
    ['254:0 rbytes=1 wbytes=2 rios=3\n', ['254:0 rbytes 1', '254:0 wbytes 2']],
    ['259:1048575 rbytes=1\n8:16 cost.usage=7\n', ['259:1048575 rbytes 1', '8:16 cost.usage 7']],
    ['7:7 \n7:6 \n254:0 rbytes=1\n', ['254:0 rbytes 1']],
    // A device without numbers and without an end of line, as some kernels write it.
    ['8:0 8:16 rbytes=5 wbytes=6\n', ['8:16 rbytes 5', '8:16 wbytes 6']],
    ['8:0 rbytes=9223372036854775807', ['8:0 rbytes 9223372036854776000']],
    ['rbytes=1\n(unknown) rbytes=2\n8:x rbytes=3\n-1:0 rbytes=4\n', []],
    ['8:0 rbytes\n8:0 =5\n8:0 rbytes=\n', ['8:0 rbytes NaN']],
    ['', []],
  ])('%j', (text, expected) => {
    expect(lines(readIoStat, text)).toEqual(expected);
  });
});

describe('blkio', () => {
  test.each([
    ['8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\nTotal 60\n', ['8:0 Read 10', '8:0 Write 20']],
    ['Total 0\n', []],
    ['8:0 Read\n8:0\n8:0 Write x\n', ['8:0 Read NaN', '8:0 Write NaN']],
    ['', []],
  ])('%j', (text, expected) => {
    expect(lines(readBlkio, text)).toEqual(expected);
  });
});

describe('memory.numa_stat', () => {
  const types = new Words(['anon', 'file']);
  const numa = (text: string): string[] => {
    const out: string[] = [];
    readNumaStat(Buffer.from(text, 'latin1'), types, (line, node, value) => out.push(`${line} N${node} ${value}`));
    return out;
  };

  test.each([
    ['total=30 N0=10 N1=20\nanon=29 N0=9 N1=20\n', ['0 N0 9', '0 N1 20']],
    ['anon N0=118784 N1=0\nfile N0=4096 N1=8192\n', ['0 N0 118784', '0 N1 0', '1 N0 4096', '1 N1 8192']],
    ['anon\nfile Nx=1 N=2 N9999=3 M0=4 N1\n', []],
    ['', []],
  ])('%j', (text, expected) => {
    expect(numa(text)).toEqual(expected);
  });
});

test('no bytes at all make them throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
      lines(readIoStat, random);
      lines(readBlkio, random);
      readNumaStat(random, words, () => undefined);
    }),
  );
});
