/**
 * Source `network`: containers with a network namespace of their own, and the host, into rows of the family `network`.
 *
 * net/dev is opened for each reading and not kept open, unlike other kernel files: a kept descriptor holds the whole
 * namespace and its virtual cables alive after the container has gone, and goes on giving the dead container's numbers.
 * Opening costs 3 microseconds more.
 */
import { join } from 'node:path';
import { network } from '../../src/catalog/network.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import type { EntityRow } from '../../src/model/table.ts';
import { readOnce } from '../kernel/files.ts';
import type { Source, Tick } from '../source.ts';
import { builderOf, type FamilyBuilder } from '../kernel/cells.ts';
import { isCounted } from './counted.ts';
import { Interfaces } from './interfaces.ts';
import { Losses } from '../kernel/losses.ts';
import { type NamespaceOptions, type Owned, ownedNamespaces } from './namespaces.ts';
import { parseNetDev } from './netdev.ts';
import { pacer } from '../kernel/pace.ts';

export interface NetworkOptions extends NamespaceOptions {
  /** Rows per namespace; what is beyond is counted under `too_many_interfaces`. */
  readonly maxInterfaces?: number;
}

export interface NetworkSource extends Source {
  /** `malformed_line`, `read_error`, `too_many_interfaces`, `namespace_changed`. */
  readonly losses: ReadonlyMap<string, number>;
}

/** A namespace that is read at each tick. */
interface Watched {
  readonly owned: Owned;
  readonly interfaces: Interfaces;
}

type NetworkBuilder = FamilyBuilder<keyof typeof network.at>;

const MAX_INTERFACES = 512;
/** Namespaces read before other work gets its turn: about two milliseconds. */
const SLICE = 100;

export function createNetworkSource(options: NetworkOptions): NetworkSource {
  const { procRoot, clock, maxInterfaces = MAX_INTERFACES } = options;
  const losses = new Losses();
  const pace = pacer(SLICE);
  let watched = new Map<string, Watched>();

  async function read({ signal }: Tick): Promise<FamilyTable[]> {
    const builder: NetworkBuilder = builderOf(network);
    const next = new Map<string, Watched>();
    let failure: unknown;
    for (const owned of ownedNamespaces(options)) {
      signal.throwIfAborted();
      const one = follow(owned);
      next.set(owned.entity.key, one);
      try {
        if (isStill(one, owned)) readInto(builder, one);
      } catch (error) {
        // One unreadable file is counted; it fails the source only if nothing else could be read either.
        failure = error;
        losses.count('read_error');
      }
      await pace(1);
    }
    watched = next;
    if (builder.size === 0 && failure !== undefined) throw new Error('no net/dev could be read', { cause: failure });
    return [builder.build()];
  }

  /** What is known of the entity if it is still the same one, else a new beginning. */
  function follow(owned: Owned): Watched {
    const known = watched.get(owned.entity.key);
    if (known?.owned.pid === owned.pid && known.owned.entity === owned.entity) return known;
    return { owned, interfaces: new Interfaces(owned.entity, maxInterfaces) };
  }

  /** False when the pid is somebody else's by now: the engine has not told us yet that the container ended. */
  function isStill(one: Watched, { namespace }: Owned): boolean {
    if (namespace === undefined || one.owned.namespace === undefined) return true;
    if (namespace === one.owned.namespace) return true;
    losses.count('namespace_changed');
    return false;
  }

  function readInto(builder: NetworkBuilder, { owned, interfaces }: Watched): void {
    const bytes = readOnce(join(procRoot, String(owned.pid), 'net/dev'));
    if (!bytes) return;
    const timeMs = clock.now();
    const isHost = owned.entity.kind === 'host';
    interfaces.begin();
    const malformed = parseNetDev(bytes, (from, to, values) => {
      if (!isCounted(bytes, { from, to, isHost })) return;
      const row = interfaces.rowOf(bytes, from, to);
      if (row) addRow(builder, { row, timeMs, values });
      else losses.count('too_many_interfaces');
    });
    losses.count('malformed_line', malformed);
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

interface Line {
  readonly row: EntityRow;
  readonly timeMs: number;
  readonly values: Float64Array;
}

function addRow(builder: NetworkBuilder, { row, timeMs, values }: Line): void {
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
