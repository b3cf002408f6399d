import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { parseCounters } from '../../../agents/network/advtcp.ts';
import { parseDiskstats, wholeDisks } from '../../../agents/kernel/diskstats.ts';
import { osName } from '../../../agents/host/identity.ts';
import { parseLimits } from '../../../agents/process/limits.ts';
import { Lines } from '../../../agents/kernel/lines.ts';
import { parseLoadavg } from '../../../agents/host/loadavg.ts';
import { hostMemory, parseMeminfo } from '../../../agents/host/meminfo.ts';
import { parseMountinfo, realMounts, upperDirIn } from '../../../agents/filesystem/mounts.ts';
import { parseNetDev } from '../../../agents/network/netdev.ts';
import { parsePressure } from '../../../agents/kernel/pressure.ts';
import { parseSchedstat } from '../../../agents/process/sched.ts';
import { parseStat } from '../../../agents/host/stat.ts';
import { tcpTally } from '../../../agents/network/tcp.ts';
import { cpuinfoPlaces } from '../../../agents/host/topology.ts';
import { udpTally } from '../../../agents/network/udp.ts';
import { parseVmstat } from '../../../agents/host/vmstat.ts';

const PARSERS: readonly (readonly [name: string, parse: (bytes: Buffer) => unknown])[] = [
  ['net/dev', (b) => parseNetDev(b, () => {})],
  ['stat', parseStat],
  ['meminfo', (b) => hostMemory(parseMeminfo(b))],
  ['vmstat', parseVmstat],
  ['loadavg', parseLoadavg],
  ['pressure', parsePressure],
  ['diskstats', (b) => wholeDisks(parseDiskstats(b))],
  ['limits', parseLimits],
  ['schedstat', parseSchedstat],
  ['cpuinfo', cpuinfoPlaces],
  ['tcp', (b) => tcpTally('').take(b)],
  ['udp', (b) => udpTally('').take(b)],
  ['snmp', (b) => parseCounters(b, 'Tcp:')],
  ['mountinfo', (b) => [realMounts(parseMountinfo(b.toString())), upperDirIn(parseMountinfo(b.toString()))]],
  ['os-release', (b) => osName(b.toString())],
];

/** Any bytes, and text out of the pieces that the real files are made of. */
const hostile = fc.oneof(
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  fc
    .array(
      fc.constantFrom(
        'cpu',
        'eth0:',
        'Tcp:',
        'total=',
        'kB',
        ' ',
        '  ',
        '\n',
        '-',
        '0A',
        ':',
        '/',
        '\\040',
        '1',
        '18446744073709551616',
        '__proto__',
        'constructor',
        '\0',
        'é',
      ),
      { maxLength: 80 },
    )
    .map((pieces) => Buffer.from(pieces.join(''))),
);

describe('no bytes crash a parser', () => {
  for (const [name, parse] of PARSERS) {
    test.prop([hostile])(name, (bytes) => {
      parse(bytes);
    });
  }
});

describe('words and numbers', () => {
  test.prop([fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 20 })])(
    'numbers read as JavaScript reads them',
    (numbers) => {
      const lines = new Lines(Buffer.from(`  ${numbers.join('\t ')}\n`));
      lines.next();
      for (const number of numbers) expect(lines.number()).toBe(Number(number));
      expect(lines.number()).toBeNaN();
      expect(lines.next()).toBe(false);
    },
  );

  test.prop([fc.array(fc.array(fc.stringMatching(/^[^\s]+$/), { minLength: 1, maxLength: 4 }), { maxLength: 5 })])(
    'words come back line by line',
    (text) => {
      const lines = new Lines(Buffer.from(text.map((words) => words.join(' ')).join('\n')));
      for (const words of text) {
        expect(lines.next()).toBe(true);
        for (const word of words) expect(lines.word()).toBe(word.toWellFormed());
        expect(lines.word()).toBe('');
      }
      expect(lines.next()).toBe(false);
    },
  );
});

describe('small files', () => {
  test.each([
    ['PRETTY_NAME="Debian GNU/Linux 12"', 'Debian GNU/Linux 12'],
    ["NAME=x\nPRETTY_NAME='Alpine'\n", 'Alpine'],
    ['PRETTY_NAME=Void\n', 'Void'],
    ['NAME="Arch"', ''],
  ])('os-release %j', (text, name) => {
    expect(osName(text)).toBe(name);
  });

  test('pressure: total in microseconds; on old kernels the cpu has no "full"', () => {
    const text = 'some avg10=76.85 avg60=66.16 avg300=56.38 total=1899521327\n';
    expect(parsePressure(Buffer.from(text))).toEqual({ some: 1899.521327, full: Number.NaN });
  });

  test('loadavg that is none', () => {
    expect(parseLoadavg(Buffer.from('much'))).toEqual({
      load1: Number.NaN,
      load5: Number.NaN,
      load15: Number.NaN,
      threads: Number.NaN,
    });
  });
});
