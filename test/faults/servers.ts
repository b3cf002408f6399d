/** The real servers, started once for many schedules, each of which has a database or a label of its own there. */
import { type Influx, startInflux } from '../support/influxdb.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import type { Server } from '../support/servers.ts';
import { startVictoria, type Victoria } from '../support/victoria.ts';
import { influxReader } from './readers/influx.ts';
import { promReader, victoriaReader } from './readers/prometheus.ts';
import type { Reader } from './readers/reader.ts';
import type { ServerName } from './schedule.ts';

export interface Servers {
  readonly influx: Influx;
  readonly prometheus: Prometheus;
  readonly victoria: Victoria;
  stop(): Promise<void>;
}

/** Clocks are set back by an hour, and what is written then is that much late. */
const OUT_OF_ORDER = '4h';

export async function startServers(): Promise<Servers> {
  const started: Server[] = [];
  const keep = async <S extends Server>(starting: Promise<S>): Promise<S> => {
    const server = await starting;
    started.push(server);
    return server;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()));
  };
  try {
    const influx = await keep(startInflux());
    const prometheus = await keep(startPrometheus({ remoteWrite: true, outOfOrder: OUT_OF_ORDER }));
    const victoria = await keep(startVictoria());
    return { influx, prometheus, victoria, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where a schedule's numbers go, by server: the configuration of its sink. `urls` are the proxies'. `letters`: the file of dead letters. */
export function sinksOf(
  run: string,
  urls: Readonly<Record<ServerName, string>>,
  letters: string,
): Record<string, object> {
  const remote = { kind: 'remote_write', containers: true, external_labels: { run }, timeout: '1s' };
  return {
    influx: { kind: 'influxdb1', url: urls.influx, database: run, timeout: '1s', dead_letters: letters },
    prom: { ...remote, url: `${urls.prometheus}/api/v1/write` },
    victoria: { ...remote, url: `${urls.victoria}/api/v1/write` },
  };
}

/** The collector's own store among them, asked as a Prometheus would be. */
export function readersOf(run: string, { influx, prometheus, victoria }: Servers, collectorUrl: string): Reader[] {
  const label = { run };
  return [
    influxReader(influx, run),
    promReader({ name: 'prom', url: prometheus.url, label }),
    victoriaReader(victoria, label),
    promReader({ name: 'store', isOwn: true, url: collectorUrl, label: {} }),
  ];
}
