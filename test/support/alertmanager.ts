/** A real Alertmanager that passes each alert on at once, and the receiver of a webhook that keeps what comes. */
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stringify } from 'yaml';
import { fetchText } from './http.ts';
import { freePort } from './ports.ts';
import { type Server, serverDir, startServer } from './servers.ts';

/** One alert of a notification, as Alertmanager's webhook has it. */
export interface Notified {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Receiver {
  readonly url: string;
  /** Everything that came, in order. */
  readonly all: readonly Notified[];
  /** The newest word of each alert, by its labels. */
  newest(): Notified[];
  stop(): Promise<void>;
}

/** Listens on loopback. */
export async function startReceiver(): Promise<Receiver> {
  const all: Notified[] = [];
  const server: HttpServer = createServer((request, response) => {
    void text(request).then((body) => {
      all.push(...(JSON.parse(body) as { alerts: Notified[] }).alerts);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    all,
    newest: () => [
      ...new Map(all.map((alert) => [JSON.stringify(Object.entries(alert.labels).sort()), alert])).values(),
    ],
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface Alertmanager extends Server {
  readonly url: string;
}

/** Starts it; alerts go to the receiver, each by itself, and again when they are resolved. */
export async function startAlertmanager(receiver: Receiver): Promise<Alertmanager> {
  const dir = serverDir('alertmanager');
  const url = `http://127.0.0.1:${await freePort()}`;
  mkdirSync(join(dir, 'data'));
  const route = {
    receiver: 'test',
    group_by: ['...'],
    group_wait: '100ms',
    group_interval: '1s',
    repeat_interval: '1h',
  };
  const receivers = [{ name: 'test', webhook_configs: [{ url: receiver.url, send_resolved: true }] }];
  writeFileSync(join(dir, 'alertmanager.yml'), stringify({ route, receivers }));
  const server = await startServer({
    name: 'alertmanager',
    file: 'prometheus-alertmanager',
    dir,
    args: [
      `--config.file=${join(dir, 'alertmanager.yml')}`,
      `--storage.path=${join(dir, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
      '--cluster.listen-address=',
    ],
    ready: () => fetchText(`${url}/-/ready`),
  });
  return Object.assign(server, { url });
}
