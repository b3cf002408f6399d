/**
 * The kinds of sink that a configuration may name, each with how it is made. Adding one is a folder, its test, its part of the
 * schema and a row here. The Prometheus page is not among them: the collector always has it.
 */
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import type { SinkConfig } from '../../src/config/sinkschema.ts';
import { pem, secret, tokenOrLogin } from '../../src/config/secure.ts';
import type { Login } from '../../src/config/webaddress.ts';
import { ConfigError } from '../../src/errors.ts';
import type { ClientTls } from '../../src/http/pool.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Outlet } from './fanout.ts';
import { createDeadLetters } from './influx/deadletters.ts';
import { createInfluxSink } from './influx/sink.ts';
import { createRemoteWriteSink } from './remotewrite/sink.ts';
import { PAGE_NAME } from './prometheus/sink.ts';
import type { Sink } from './sink.ts';
import { createStdoutSink } from './stdout/sink.ts';

/** What sinks are given besides their configuration. */
export interface SinkSurroundings {
  readonly clock: Clock;
  readonly stdout: Writable;
  /** The cluster's name; `default` unless said. */
  readonly cluster?: string;
}

type Kind = SinkConfig['kind'];
type ConfigOf<K extends Kind> = Extract<SinkConfig, { kind: K }>;
type Create<K extends Kind> = (name: string, config: ConfigOf<K>, around: SinkSurroundings) => Sink;

const KINDS: { readonly [K in Kind]: Create<K> } = {
  influxdb1: (name, config, around) =>
    createInfluxSink({
      name,
      url: config.url.url,
      to: {
        version: 1,
        database: config.database,
        retentionPolicy: config.retention_policy,
        ...loginOf(name, config),
      },
      ...common(name, config, around),
    }),
  influxdb2: (name, config, around) =>
    createInfluxSink({
      name,
      url: config.url.url,
      to: {
        version: 2,
        org: config.org,
        bucket: config.bucket,
        ...tokenOf(name, config),
      },
      ...common(name, config, around),
    }),
  influxdb3: (name, config, around) =>
    createInfluxSink({
      name,
      url: config.url.url,
      to: { version: 3, database: config.database, noSync: config.no_sync, ...tokenOf(name, config) },
      ...common(name, config, around),
    }),
  remote_write: (name, config, { clock }) =>
    createRemoteWriteSink({
      name,
      url: config.url.url,
      ...whoOf(name, config),
      headers: config.headers,
      tls: tlsOf(name, config.tls),
      levels: config.levels,
      containers: config.containers,
      externalLabels: config.external_labels,
      protocol: config.protocol,
      metadata: config.metadata,
      inFlight: config.requests,
      maxSamples: config.max_samples,
      timeoutMs: config.timeout,
      clock,
    }),
  stdout: (name, { levels }, { stdout }) => createStdoutSink({ name, levels, stream: stdout }),
};

/** A frame is several requests, each of which may take the sink's `timeout`; an attempt at a frame may take so many. */
const REQUESTS_PER_ATTEMPT = 6;

/** The configured sinks with their room. Throws a ConfigError where a secret or certificate cannot be had. */
export function createOutlets(sinks: Readonly<Record<string, SinkConfig>>, around: SinkSurroundings): Outlet[] {
  refuseTakenName(sinks);
  refuseSharedFiles(sinks);
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

type WithToken = ConfigOf<'influxdb2' | 'influxdb3' | 'remote_write'>;

function tokenOf(name: string, { url, token, token_file: file }: WithToken) {
  return tokenOrLogin(`sinks.${name}`, url, secret(`sinks.${name}.token`, token, file));
}

/** A token, or a user and password. */
function whoOf(name: string, config: ConfigOf<'remote_write'>): { token?: string; login?: Login } {
  const { username, password } = loginOf(name, config);
  if (username === undefined || password === undefined) return tokenOf(name, config);
  if (config.token !== undefined || config.token_file !== undefined) {
    throw new ConfigError(`sinks.${name}: a token and a user are set; a request has one of them: keep one`);
  }
  return { login: { username, password } };
}

/** User and password have keys of their own, or are in the address. */
function loginOf(name: string, config: ConfigOf<'influxdb1' | 'remote_write'>): Partial<Login> {
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

type InfluxConfig = ConfigOf<'influxdb1' | 'influxdb2' | 'influxdb3'>;

function common(name: string, config: InfluxConfig, { clock, cluster = 'default' }: SinkSurroundings) {
  const { levels, timeout, tls, requests, create, retention, dead_letters: file, dead_letters_max: max } = config;
  if (retention !== undefined && !create) {
    throw new ConfigError(`sinks.${name}.retention: is set by whoever creates; add create: true, or leave it out`);
  }
  if (config.schema === 'heapster' && levels !== undefined) {
    throw new ConfigError(`sinks.${name}.levels: Heapster’s schema has levels of its own; leave it out`);
  }
  return {
    heapster: config.schema === 'heapster' ? { cluster } : undefined,
    levels,
    timeoutMs: timeout,
    clock,
    tls: tlsOf(name, tls),
    inFlight: requests,
    create: create ? { retentionMs: retention } : undefined,
    deadLetters: file === undefined ? undefined : createDeadLetters(`sinks.${name}.dead_letters`, file, max),
  };
}

function tlsOf(name: string, tls: InfluxConfig['tls']): ClientTls {
  const key = (part: string): string => `sinks.${name}.tls.${part}`;
  return { ca: pem(key('ca'), tls.ca), cert: pem(key('cert'), tls.cert), key: pem(key('key'), tls.key) };
}

/** The page has it, and what is counted of a sink is told by its name. */
function refuseTakenName(sinks: Readonly<Record<string, SinkConfig>>): void {
  if (!Object.hasOwn(sinks, PAGE_NAME)) return;
  throw new ConfigError(
    `sinks.${PAGE_NAME}: is the name of the collector's own page; call it otherwise, such as "push"`,
  );
}

/** Two that write one file would each take it for full when the other has filled it. */
function refuseSharedFiles(sinks: Readonly<Record<string, SinkConfig>>): void {
  const owners = new Map<string, string>();
  for (const [name, config] of Object.entries(sinks)) {
    const file =
      'dead_letters' in config && config.dead_letters !== undefined ? resolve(config.dead_letters) : undefined;
    const owner = file === undefined ? undefined : owners.get(file);
    if (owner !== undefined) {
      throw new ConfigError(`sinks.${name}.dead_letters: is the file of sinks.${owner}; each needs one of its own`);
    }
    if (file !== undefined) owners.set(file, name);
  }
}
