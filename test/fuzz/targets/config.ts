/** Configuration files: taken, or refused in words that are short enough to be read. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { loadConfig } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/errors.ts';
import { bytesOf, must, type Target } from '../target.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'plimsoll.yaml');

export const config: Target = {
  name: 'config',
  seeds: () =>
    [
      'node: web-1\ncluster: production\nagent:\n  interval: 10s\n  engines: [auto]\n  families: [tcp, -pressure]\n  exclude: { names: ["tmp-*"] }\n',
      'collector:\n  listen: ":9640"\n  window: 10s\n  levels:\n    team: { by: { team: container_label_team } }\n    pod: null\ntoken: secret\n',
      'sinks:\n  influx:\n    kind: influxdb2\n    url: http://influx:8086\n    org: ops\n    bucket: b\n  old:\n    kind: influxdb1\n    url: http://i:8086\n    database: d\n',
      'a: &a [1,2]\nb: &b [*a,*a]\nc: [*b,*b]\n',
      'log: { level: debug, format: json }\n',
    ].map(bytesOf),
  run(input) {
    writeFileSync(file, input);
    try {
      loadConfig({ file, env: {}, flags: new Map() });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      must(error.message.length < 20_000, `an error of ${error.message.length} characters`);
    }
  },
};
