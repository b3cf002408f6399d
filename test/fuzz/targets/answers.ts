/** What InfluxDB, or something that claims to be, says to lines: the verdict and the lines it refuses. The first byte chooses the status. */
import { judge, type Target as Place } from '../../../collector/sinks/influx/answer.ts';
import { refusalOf } from '../../../collector/sinks/influx/refused.ts';
import { bytesOf, must, type Target, textOf } from '../target.ts';

const LINES = [
  'container_cpu,name=a usage=1 1',
  "container_cpu,name=b\\ c usage=2,it's=3 2",
  'service_memory,service=web usage=1 3',
];
const STATUSES = [200, 204, 301, 400, 401, 404, 408, 413, 422, 429, 500, 503];
const PLACES: readonly Place[] = [
  { version: 1, url: 'http://influx:8086', database: `it's "mine"` },
  { version: 2, url: 'http://influx:8086', database: 'b' },
  { version: 3, url: 'http://influx:8181', database: 'c' },
];

export const answers: Target = {
  name: 'answers',
  seeds: () =>
    [
      `\u0003{"error":"unable to parse '${LINES[0]}': bad timestamp\\nunable to parse '${LINES[1]}': missing fields"}`,
      '\u0003{"error":"partial write: points beyond retention policy dropped=2"}',
      '\u0003{"error":"partial write: field type conflict: input field \\"usage\\" on measurement \\"container_cpu\\" is type float, already exists as type integer dropped=1"}',
      '\u0008{"code":"unprocessable entity","message":"failure writing points to database: partial write: dropped=3"}',
      '\u0003{"error":"parsing failed","data":[{"original_line":"x","line_number":2,"error_message":"no"}]}',
      '\u0003{"error":"partial write","data":{"line_number":1}}',
      '\u0005{"error":"database not found: \\"x\\""}',
      '\u0009too many requests',
      '\u000b<html>502</html>',
    ].map(bytesOf),
  run(input) {
    const status = STATUSES[(input[0] ?? 0) % STATUSES.length] as number;
    const body = textOf(input.subarray(1));
    for (const place of PLACES) judge({ status, body, retryAfter: body.slice(0, 40) }, place, 1_700_000_000_000);
    const { lines, among, count } = refusalOf(body, LINES);
    for (const index of [...lines, ...among])
      must(Number.isInteger(index) && index >= 0 && index < LINES.length, `line ${index} of 3`);
    must(new Set(lines).size === lines.length, 'a line is refused twice');
    must(count === undefined || (count >= 0 && count <= LINES.length), `${count} of 3 lines`);
  },
};
