/** A real Prometheus that holds the series of `test/collector/api/data.ts`, made by promtool from OpenMetrics. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asOpenMetrics } from '../collector/api/data.ts';
import { fetchText } from './http.ts';
import { freePort } from './ports.ts';
import { type Server, serverDir, startServer } from './servers.ts';

export async function startApiPrometheus(): Promise<Server & { readonly url: string }> {
  const dir = serverDir('prometheus');
  const data = join(dir, 'data');
  mkdirSync(data);
  writeFileSync(join(dir, 'prometheus.yml'), '{}\n');
  writeFileSync(join(dir, 'data.om'), asOpenMetrics());
  execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(dir, 'data.om'), data], {
    stdio: 'pipe',
  });
  const url = `http://127.0.0.1:${await freePort()}`;
  const server = await startServer({
    name: 'prometheus',
    file: 'prometheus',
    dir,
    args: [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${data}`,
      // What is in the blocks is years old.
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=${new URL(url).host}`,
    ],
    ready: () => fetchText(`${url}/-/ready`),
  });
  return Object.assign(server, { url });
}
