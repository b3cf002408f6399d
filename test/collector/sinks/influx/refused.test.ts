/** Which lines were refused, from the words of each version. */
import { expect, test } from 'vitest';
import { type Refusal, refusalOf } from '../../../../collector/sinks/influx/refused.ts';

const LINES = [
  'cpu,h=a usage=1 1',
  "cpu,h=it's\\ b': usage=x 2",
  'mem,h=a used=3 3',
  'cpu,h=c usage=4 4',
  'cpu,h=d other=4 4',
];

const refusal = (given: Partial<Refusal>): Refusal => ({
  restWritten: false,
  lines: [],
  count: undefined,
  among: [],
  why: expect.any(Map),
  ...given,
});

test.each<[string, string, Partial<Refusal>]>([
  [
    'v1: some cannot be parsed',
    `{"error":"partial write: unable to parse '${LINES[1]}': invalid number dropped=0"}`,
    { restWritten: true, lines: [1] },
  ],
  [
    'v1: two cannot be parsed, one of them holding what ends a quotation',
    `{"error":"partial write: unable to parse '${LINES[1]}': invalid number\\nunable to parse '${LINES[3]}': bad timestamp dropped=0"}`,
    { restWritten: true, lines: [1, 3] },
  ],
  ['v1: none could be parsed', `{"error":"unable to parse '${LINES[0]}': missing fields"}`, { lines: [0] }],
  [
    'v2: the whole request is refused for one line',
    `{"code":"invalid","message":"unable to parse '${LINES[2]}': bad timestamp"}`,
    { lines: [2] },
  ],
  [
    'v1: a conflict of types that the count explains',
    '{"error":"partial write: field type conflict: input field \\"used\\" on measurement \\"mem\\" is type float, already exists as type string dropped=1"}',
    { restWritten: true, lines: [2] },
  ],
  [
    'v1: a conflict that only some of the lines can be in',
    '{"error":"partial write: field type conflict: input field \\"usage\\" on measurement \\"cpu\\" is type float, already exists as type string dropped=2"}',
    { restWritten: true, count: 2, among: [0, 1, 3] },
  ],
  [
    'v1: a conflict in more lines than have the field it names',
    '{"error":"partial write: field type conflict: input field \\"used\\" on measurement \\"mem\\" is type float, already exists as type string dropped=3"}',
    { restWritten: true, count: 3 },
  ],
  [
    'v1: older than the retention policy',
    '{"error":"partial write: points beyond retention policy dropped=2"}',
    { restWritten: true, count: 2 },
  ],
  [
    'v1: all of them older',
    '{"error":"partial write: points beyond retention policy dropped=5"}',
    { restWritten: true, lines: [0, 1, 2, 3, 4] },
  ],
  [
    'v2 with 422',
    '{"code":"unprocessable entity","message":"failure writing points to database: partial write: points beyond retention policy dropped=1"}',
    { restWritten: true, count: 1 },
  ],
  [
    'v3: lines by number, the rest written',
    '{"error":"partial write of line protocol occurred","data":[{"original_line":"x","line_number":2,"error_message":"no"},{"line_number":4}]}',
    { restWritten: true, lines: [1, 3] },
  ],
  [
    'v3: all refused, the fault as one object',
    '{"error":"parsing failed for write_lp endpoint","data":{"original_line":"x","line_number":1,"error_message":"no"}}',
    { lines: [0] },
  ],
  [
    'v3 distributed: numbers in the text',
    '{"code":"invalid","message":"failed to parse line protocol: errors encountered on line(s):\\nerror parsing line 2 (1-based): Invalid measurement was provided\\nerror parsing line 4 (1-based): no"}',
    { lines: [1, 3] },
  ],
  ['nothing to go by', '{"code":"invalid","message":"no"}', {}],
  ['a proxy’s page', '<html>Bad Request</html>', {}],
  ['a number out of range', '{"error":"partial write","data":[{"line_number":99}]}', {}],
  ['data that is no list of lines', '{"error":"partial write","data":[null,1,"x"]}', {}],
])('%s', (_, body, expected) => {
  expect(refusalOf(body, LINES)).toEqual(refusal(expected));
});

test('v3 lists a hundred lines at most: then the rest is sent again to find the others', () => {
  const lines = Array.from({ length: 300 }, (_, i) => `m v=${i} ${i}`);
  const data = Array.from({ length: 100 }, (_, i) => ({ line_number: i + 1 }));
  const { restWritten, lines: found } = refusalOf(JSON.stringify({ error: 'partial write', data }), lines);
  expect(restWritten).toBe(false);
  expect(found).toHaveLength(100);
});

test.each([
  [
    'v1: in its own words, without the count at the end',
    `{"error":"partial write: unable to parse '${LINES[0]}': invalid number\\nunable to parse '${LINES[3]}': bad timestamp dropped=0"}`,
    [
      [0, 'invalid number'],
      [3, 'bad timestamp'],
    ],
  ],
  [
    'v3: in the message of the line',
    '{"error":"partial write of line protocol occurred","data":[{"line_number":2,"error_message":"no time"}]}',
    [[1, 'no time']],
  ],
  [
    'v3 distributed: behind the number',
    '{"message":"errors on line(s):\\nerror parsing line 2 (1-based): Invalid measurement\\nerror parsing line 4 (1-based): no"}',
    [
      [1, 'Invalid measurement'],
      [3, 'no'],
    ],
  ],
] as const)('why, %s', (_, body, expected) => {
  expect([...refusalOf(body, LINES).why]).toEqual(expected);
});
