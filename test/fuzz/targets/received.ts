/**
 * What others send to the receivers: the first byte chooses what it is. Whatever comes, only a WireError is thrown, what is read keeps the limits,
 * and what is taken for a sample is one.
 */
import { compress } from 'snappyjs';
import { readPoints } from '../../../collector/receive/influx/points.ts';
import type { Parsed } from '../../../collector/receive/parsed.ts';
import { unsnappy } from '../../../collector/receive/remotewrite/snappy.ts';
import { readVersion1 } from '../../../collector/receive/remotewrite/version1.ts';
import { readVersion2 } from '../../../collector/receive/remotewrite/version2.ts';
import { readExposition } from '../../../collector/receive/text/exposition.ts';
import { readJsonLines } from '../../../collector/receive/text/jsonlines.ts';
import { WireError } from '../../../src/errors.ts';
import { bytesField, double, message, number, packed, text } from '../../collector/receive/protobuf.ts';
import { must, type Target, textOf } from '../target.ts';

const limits = { maxLabels: 8, maxLabelBytes: 64 };
const MAX_BYTES = 64 * 1024;
const NOW = 1_800_000_000_000;

type Reader = (input: Buffer) => Iterable<Parsed>;

const READERS: readonly Reader[] = [
  (input) => readVersion1(input, limits),
  (input) => readVersion2(input, limits),
  (input) => readVersion1(unsnappy(input, MAX_BYTES), limits),
  (input) => readPoints(textOf(input), { precision: 'ns', database: 'd', nowMs: NOW, limits }),
  (input) => readExposition(textOf(input), { format: 'text', nowMs: NOW, limits }),
  (input) => readExposition(textOf(input), { format: 'openmetrics', nowMs: NOW, limits }),
  (input) => readJsonLines(textOf(input), limits),
];

const sample = message(2, double(1, 1), number(2, NOW), number(3, 5));
const label = (name: string, value: string): Buffer => message(1, text(1, name), text(2, value));
const version1 = Buffer.concat([
  message(1, label('__name__', 'up'), label('job', 'a'), sample, message(3, double(2, 1)), message(4, number(15, NOW))),
  message(3, number(1, 1), text(2, 'up'), text(4, 'help'), text(5, 'bytes')),
]);
const version2 = Buffer.concat([
  ...['', '__name__', 'a_bucket', 'le', '1', 'help'].map((one) => bytesField(4, Buffer.from(one))),
  message(5, packed(1, 1, 2, 3, 4), sample, message(5, number(1, 3), number(3, 5)), number(6, 7)),
]);

const SEEDS: readonly (readonly [reader: number, input: string | Buffer])[] = [
  [0, version1],
  [1, version2],
  [2, Buffer.from(compress(version1))],
  [2, Buffer.from(compress(Buffer.alloc(500)))],
  [3, 'cpu,host=a\\ b,x=y usage=1.5,n=3i,u=4u,t=true,s="a\\"\nb" 1800000000000000000\n# comment\r\n\nbad\nm v=1'],
  [4, '# HELP a b\\n\n# TYPE a counter\na{b="c\\"",d="e"} 1e3 1800000000000\n{"x.y",z="1"} NaN\nb +Inf'],
  [5, '# TYPE a counter\n# UNIT a s\na_total{b="c"} 1 1.5 # {t="x"} 1 2\n# EOF\n'],
  [6, '{"metric":{"__name__":"a","b":"c"},"values":[1,null,"Infinity"],"timestamps":[1,2,3]}\n'],
];

export const received: Target = {
  name: 'received',
  seeds: () => SEEDS.map(([reader, input]) => Buffer.concat([Buffer.from([reader]), Buffer.from(input as Buffer)])),
  run(input) {
    const reader = READERS[(input[0] ?? 0) % READERS.length] as Reader;
    try {
      for (const parsed of reader(Buffer.from(input.subarray(1)))) check(parsed);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  },
};

function check(parsed: Parsed): void {
  if (parsed.kind === 'dropped') must(parsed.samples > 0, 'nothing is dropped');
  if (parsed.kind === 'bad_line') must(parsed.line > 0 && parsed.why !== '', 'a line without number or reason');
  if (parsed.kind !== 'samples') return;
  const { labels, timesMs, values, stale = [] } = parsed;
  must(labels.names.length <= limits.maxLabels + 2, `${labels.names.length} labels`);
  must(labels.names.includes('__name__'), 'a series without a name');
  must(
    labels.values.every((value) => value !== '' && Buffer.byteLength(value) <= limits.maxLabelBytes),
    'a label that is empty or too long',
  );
  must(timesMs.length === values.length && timesMs.length > 0, `${timesMs.length} times, ${values.length} values`);
  must(timesMs.every(Number.isSafeInteger), 'a time that is no whole number');
  must(
    stale.every((at) => Number.isNaN(values[at])),
    'a marker that is a number',
  );
}
