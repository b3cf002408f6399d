import { describe, expect, test } from 'vitest';
import { parseNetDev } from '../../../agents/network/netdev.ts';

const HEADER =
  'Inter-|   Receive                                                |  Transmit\n' +
  ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';

function parsed(body: string): { found: [string, number[]][]; malformed: number } {
  const bytes = Buffer.from(HEADER + body);
  const found: [string, number[]][] = [];
  const malformed = parseNetDev(bytes, (from, to, values) => {
    found.push([bytes.toString('utf8', from, to), [...values]]);
  });
  return { found, malformed };
}

const SIXTEEN = '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16';
const VALUES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

describe('net/dev', () => {
  test.each([
    [
      'as the kernel pads it',
      `  eth0:    1182      13    0    0    0     0          0         0        7       6    5    4    3     2       1          0\n`,
      'eth0',
      [1182, 13, 0, 0, 0, 0, 0, 0, 7, 6, 5, 4, 3, 2, 1, 0],
    ],
    ['no blank after the colon, as old kernels have it', `  eth0:${SIXTEEN}\n`, 'eth0', VALUES],
    ['an alias has a colon in its name', `eth0:1: ${SIXTEEN}\n`, 'eth0:1', VALUES],
    ['a bar is legal in a name', ` a|b: ${SIXTEEN}\n`, 'a|b', VALUES],
    ['not ASCII', ` büro: ${SIXTEEN}\n`, 'büro', VALUES],
    ['no newline at the end', `eth0: ${SIXTEEN}`, 'eth0', VALUES],
    ['more columns than we know', `eth0: ${SIXTEEN} 17\n`, 'eth0', VALUES],
    [
      'the largest counter, as near as a double comes',
      `eth0: 18446744073709551615 ${SIXTEEN}\n`,
      'eth0',
      [2 ** 64, ...VALUES.slice(0, 15)],
    ],
  ])('%s', (_, body, name, values) => {
    expect(parsed(body)).toEqual({ found: [[name, values]], malformed: 0 });
  });

  test.each([
    ['too few numbers', 'eth0: 1 2 3\n'],
    ['a negative number', `eth0: -1 ${SIXTEEN}\n`],
    ['a word', `eth0: many ${SIXTEEN}\n`],
    ['no colon', `eth0 ${SIXTEEN}\n`],
    ['no name', `: ${SIXTEEN}\n`],
    ['bytes', '\u0000\u0001\u0002\n'],
  ])('%s costs only its own line', (_, line) => {
    const { found, malformed } = parsed(`first: ${SIXTEEN}\n${line}last: ${SIXTEEN}\n`);
    expect(found.map(([name]) => name)).toEqual(['first', 'last']);
    expect(malformed).toBe(1);
  });

  test('nothing, and only the header', () => {
    expect(parseNetDev(Buffer.alloc(0), () => expect.unreachable())).toBe(0);
    expect(parsed('')).toEqual({ found: [], malformed: 0 });
  });
});
