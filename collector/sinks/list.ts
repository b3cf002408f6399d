/**
 * The kinds of sink that a configuration may name, each with how it is made. Adding one is a folder, its test, its part of the
 * schema and a row here. The Prometheus page is not among them: the collector always has it.
 */
import type { Writable } from 'node:stream';
import type { SinkConfig } from '../../src/config/schema.ts';
import { pem, secret, tokenOrLogin } from '../../src/config/secure.ts';
import type { Login } from '../../src/config/webaddress.ts';
import { ConfigError } from '../../src/errors.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Outlet } from './fanout.ts';
import type { InfluxTls } from './influx/client.ts';
import { createInfluxSink } from './influx/sink.ts';
import type { Sink } from './sink.ts';
import { createStdoutSink } from './stdout/sink.ts';

/** What sinks are given besides their configuration. */
export interface SinkSurroundings {
  readonly clock: Clock;
  readonly stdout: Writable;
}

type Kind = SinkConfig['kind'];
type ConfigOf<K extends Kind> = Extract<SinkConfig, { kind: K }>;
type Create<K extends Kind> = (name: string, config: ConfigOf<K>, around: SinkSurroundings) => Sink;

const KINDS: { readonly [K in Kind]: Create<K> } = {
  influxdb1: (name, config, { clock }) =>
    createInfluxSink({
      name,
      url: config.url.url,
      to: {
        version: 1,
        database: config.database,
        retentionPolicy: config.retention_policy,
        ...loginOf(name, config),
      },
      ...common(name, config, clock),
    }),
  influxdb2: (name, config, { clock }) =>
    createInfluxSink({
      name,
      url: config.url.url,
      to: {
        version: 2,
        org: config.org,
        bucket: config.bucket,
        ...tokenOrLogin(`sinks.${name}`, config.url, secret(`sinks.${name}.token`, config.token, config.token_file)),
      },
      ...common(name, config, clock),
    }),
  stdout: (name, { levels }, { stdout }) => createStdoutSink({ name, levels, stream: stdout }),
};

/** A frame is several requests, each of which may take the sink's `timeout`; an attempt at a frame may take so many. */
const REQUESTS_PER_ATTEMPT = 6;

/** The configured sinks with their room. Throws a ConfigError where a secret or certificate cannot be had. */
export function createOutlets(sinks: Readonly<Record<string, SinkConfig>>, around: SinkSurroundings): Outlet[] {
  return Object.entries(sinks).map(([name, config]) => ({
    sink: create(name, config, around),
    maxFrames: config.queue_frames,
    maxSamples: config.queue_samples,
    deadlineMs: config.timeout * REQUESTS_PER_ATTEMPT,
  }));
}

function create<K extends Kind>(name: string, config: ConfigOf<K>, around: SinkSurroundings): Sink {
  const make = KINDS[config.kind as K] as Create<K>;
  return make(name, config, around);
}

/** User and password have keys of their own, or are in the address. */
function loginOf(name: string, config: ConfigOf<'influxdb1'>): Partial<Login> {
  const password = secret(`sinks.${name}.password`, config.password, config.password_file);
  const { login } = config.url;
  if (login !== undefined && (config.username !== undefined || password !== undefined)) {
    throw new ConfigError(
      `sinks.${name}: url holds a user and password, and username or password is set, too: keep one`,
    );
  }
  if (config.username === undefined && password !== undefined)
    throw new ConfigError(`sinks.${name}: password is set without username`);
  return login ?? (config.username === undefined ? {} : { username: config.username, password: password ?? '' });
}

type InfluxConfig = ConfigOf<'influxdb1'> | ConfigOf<'influxdb2'>;

function common(name: string, { levels, timeout, tls }: InfluxConfig, clock: Clock) {
  return { levels, timeoutMs: timeout, clock, tls: tlsOf(name, tls) };
}

function tlsOf(name: string, tls: InfluxConfig['tls']): InfluxTls {
  const key = (part: string): string => `sinks.${name}.tls.${part}`;
  return { ca: pem(key('ca'), tls.ca), cert: pem(key('cert'), tls.cert), key: pem(key('key'), tls.key) };
}
