/**
 * Source `network`: containers with a network namespace of their own, and the host, into rows of the family `network`. Each
 * namespace is counted once, whoever else sits in it.
 *
 * net/dev is opened for each reading and not kept open, unlike other kernel files: a kept descriptor holds the whole
 * namespace and its virtual cables alive after the container has gone, and goes on giving the dead container's numbers.
 * Opening costs 3 microseconds more.
 */
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { network } from '../../src/catalog/network.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import { TableBuilder } from '../../src/model/builder.ts';
import type { Entity, EntityRow } from '../../src/model/table.ts';
import { breathe, type Clock } from '../../src/run/clock.ts';
import type { Container } from '../container.ts';
import { isNoData, readOnce } from '../files.ts';
import type { Source, Tick } from '../source.ts';
import { Interfaces } from './interfaces.ts';
import { Losses } from './losses.ts';
import { parseNetDev } from './netdev.ts';

export interface NetworkOptions {
  readonly procRoot: string;
  readonly containers: () => Iterable<Container>;
  /** The host's entity, for the interfaces of `<procRoot>/1`; without it the host has no rows here. */
  readonly host?: Entity;
  readonly clock: Clock;
  /** Rows per namespace; what is beyond is counted under `too_many_interfaces`. */
  readonly maxInterfaces?: number;
}

export interface NetworkSource extends Source {
  /** `malformed_line`, `read_error`, `too_many_interfaces`, `namespace_changed`. */
  readonly losses: ReadonlyMap<string, number>;
}

/** A namespace that is read, and the process through which it is reached. */
interface Watched {
  readonly pid: number;
  /** `net:[4026531840]`, or undefined where we may not ask. */
  readonly namespace: string | undefined;
  readonly interfaces: Interfaces;
}

const HOST_PID = 1;
const MAX_INTERFACES = 512;
/** Containers read before other work gets its turn. */
const SLICE = 100;

type Builder = TableBuilder<typeof network, EntityRow>;

export function createNetworkSource(options: NetworkOptions): NetworkSource {
  const { procRoot, clock, host } = options;
  const losses = new Losses();
  let watched = new Map<string, Watched>();
  let failure: unknown;

  async function read({ signal }: Tick): Promise<FamilyTable[]> {
    const builder: Builder = new TableBuilder(network, watched.size * 2 + 8);
    const next = new Map<string, Watched>();
    failure = undefined;
    const hostNamespace = namespaceOf(procRoot, HOST_PID);
    if (host) readOneInto(builder, follow(next, host, HOST_PID, hostNamespace));
    let done = 0;
    for (const [namespace, container] of owners(options, hostNamespace)) {
      signal.throwIfAborted();
      readOneInto(builder, follow(next, container.entity, container.pid, namespace));
      if (++done % SLICE === 0) await breathe();
    }
    watched = next;
    if (builder.size === 0 && failure !== undefined) throw new Error('no net/dev could be read', { cause: failure });
    return [builder.build()];
  }

  /** What is known of the entity if it is still the same one, else a new beginning. */
  function follow(next: Map<string, Watched>, entity: Entity, pid: number, key: string | undefined): Watched | undefined {
    const namespace = key?.startsWith('net:') ? key : undefined;
    const known = watched.get(entity.key);
    const same = known !== undefined && known.pid === pid && known.interfaces.entity === entity;
    const one = same
      ? known
      : { pid, namespace, interfaces: new Interfaces(entity, options.maxInterfaces ?? MAX_INTERFACES) };
    next.set(entity.key, one);
    if (one.namespace === namespace || namespace === undefined) return one;
    // The pid is somebody else's by now: the engine has not told us yet that the container ended.
    losses.count('namespace_changed');
    return undefined;
  }

  function readOneInto(builder: Builder, one: Watched | undefined): void {
    const bytes = one && bytesOf(one.pid);
    if (!one || !bytes) return;
    const timeMs = clock.now();
    const isHost = one.interfaces.entity.kind === 'host';
    one.interfaces.begin();
    const malformed = parseNetDev(bytes, (from, to, values) => {
      if (isSkipped(bytes, { from, to, isHost })) return;
      const row = one.interfaces.rowOf(bytes, from, to);
      if (row) addRow(builder, { row, timeMs, values });
      else losses.count('too_many_interfaces');
    });
    losses.count('malformed_line', malformed);
  }

  /** One unreadable file is counted; it fails the source only if nothing else could be read either. */
  function bytesOf(pid: number): Buffer | undefined {
    try {
      return readOnce(join(procRoot, String(pid), 'net/dev'));
    } catch (error) {
      failure = error;
      losses.count('read_error');
      return undefined;
    }
  }

  return {
    name: 'network',
    losses: losses.counts,
    read,
    async close() {
      watched = new Map();
    },
  };
}

/** Who each namespace is counted for, by namespace; by pid where the kernel does not say which namespace it is. */
function owners({ procRoot, containers }: NetworkOptions, hostNamespace: string | undefined): Map<string, Container> {
  const byNamespace = new Map<string, Container>();
  for (const container of containers()) {
    if (!container.ownNetwork || container.pid <= 0) continue;
    const namespace = namespaceOf(procRoot, container.pid);
    if (namespace !== undefined && namespace === hostNamespace) continue;
    const key = namespace ?? `pid:${container.pid}`;
    const other = byNamespace.get(key);
    if (!other || isOlder(container, other)) byNamespace.set(key, container);
  }
  return byNamespace;
}

function isOlder(a: Container, b: Container): boolean {
  if (a.entity.startMs !== b.entity.startMs) return a.entity.startMs < b.entity.startMs;
  return a.id < b.id;
}

/** The identity of a process's network namespace; undefined when it has gone or we may not ask. */
function namespaceOf(procRoot: string, pid: number): string | undefined {
  try {
    return readlinkSync(join(procRoot, String(pid), 'ns/net'));
  } catch (error) {
    if (isNoData(error)) return undefined;
    throw error;
  }
}

const LO = Buffer.from('lo');
const VETH = Buffer.from('veth');

/** Loopback never leaves; on the host a veth is the other end of a container's interface, which has its own row. */
function isSkipped(bytes: Buffer, { from, to, isHost }: { from: number; to: number; isHost: boolean }): boolean {
  if (to - from === LO.length && bytes.compare(LO, 0, LO.length, from, to) === 0) return true;
  return isHost && to - from >= VETH.length && bytes.compare(VETH, 0, VETH.length, from, from + VETH.length) === 0;
}

function addRow(builder: Builder, { row, timeMs, values }: { row: EntityRow; timeMs: number; values: Float64Array }): void {
  const { at } = network;
  builder.add(row, timeMs);
  builder.set(at.receiveBytes, values[0] as number);
  builder.set(at.receivePackets, values[1] as number);
  builder.set(at.receiveErrors, values[2] as number);
  builder.set(at.receiveDropped, values[3] as number);
  builder.set(at.transmitBytes, values[8] as number);
  builder.set(at.transmitPackets, values[9] as number);
  builder.set(at.transmitErrors, values[10] as number);
  builder.set(at.transmitDropped, values[11] as number);
}
