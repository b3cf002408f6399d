/**
 * Source `network`: containers with a network namespace of their own, and the host, into rows of the family `network`.
 *
 * net/dev is opened for each reading and not kept open, unlike other kernel files: a kept descriptor holds the whole
 * namespace and its virtual cables alive after the container has gone, and goes on giving the dead container's numbers.
 * Opening costs 3 microseconds more.
 */
import { network } from '../../src/catalog/network.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import type { EntityRow } from '../../src/model/table.ts';
import { readOnce } from '../kernel/files.ts';
import type { Source, Tick } from '../source.ts';
import { builderOf, type FamilyBuilder } from '../kernel/cells.ts';
import { Interfaces } from './interfaces.ts';
import { linksOf } from './links.ts';
import { Losses } from '../kernel/losses.ts';
import { type NamespaceOptions, type Owned, ownedNamespaces } from './namespaces.ts';
import { parseNetDev } from './netdev.ts';
import { pacer } from '../kernel/pace.ts';
import { type Judgement, judgeContainer, judgeHost } from './standing.ts';

export interface NetworkOptions extends NamespaceOptions {
  /** Where the kernel tells what the host's interfaces are; without it, or if it shows another namespace, their names tell. */
  readonly sysRoot?: string;
  /** The containers whose traffic passes through another container's interfaces. Default: none. */
  readonly nested?: () => ReadonlySet<string>;
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
  readonly isNested: boolean;
  readonly interfaces: Interfaces;
}

type NetworkBuilder = FamilyBuilder<keyof typeof network.at>;

const MAX_INTERFACES = 512;
/** An interface may become a bridge's without another name: the kernel is asked about the host's again after this time. */
const LINKS_MS = 60_000;
/** Namespaces read before other work gets its turn: about two milliseconds. */
const SLICE = 100;

export function createNetworkSource(options: NetworkOptions): NetworkSource {
  const { procRoot, clock, maxInterfaces = MAX_INTERFACES } = options;
  const losses = new Losses();
  const pace = pacer(SLICE);
  let watched = new Map<string, Watched>();
  let linksAtMs = Number.NEGATIVE_INFINITY;

  async function read({ signal }: Tick): Promise<FamilyTable[]> {
    const builder: NetworkBuilder = builderOf(network);
    const next = new Map<string, Watched>();
    const nested = options.nested?.();
    let failure: unknown;
    for (const owned of ownedNamespaces(options)) {
      signal.throwIfAborted();
      const one = follow(owned, nested?.has(owned.entity.key) === true);
      next.set(owned.entity.key, one);
      try {
        if (isStill(one, owned)) readInto(builder, one);
      } catch (error) {
        // One unreadable file is counted; it fails the source only if nothing else could be read either.
        failure = error;
        losses.count('read_error');
      }
      const pausing = pace(1);
      if (pausing !== undefined) await pausing;
    }
    watched = next;
    if (builder.size === 0 && failure !== undefined) throw new Error('no net/dev could be read', { cause: failure });
    return [builder.build()];
  }

  /** What is known of the entity if it is still the same one, else a new beginning. */
  function follow(owned: Owned, isNested: boolean): Watched {
    const known = watched.get(owned.entity.key);
    const isSame = known?.owned.pid === owned.pid && known.owned.entity === owned.entity;
    if (isSame && known.isNested === isNested) return known;
    return { owned, isNested, interfaces: new Interfaces(owned.entity, maxInterfaces, isNested) };
  }

  /** False when the pid is somebody else's by now: the engine has not told us yet that the container ended. */
  function isStill(one: Watched, { namespace }: Owned): boolean {
    if (namespace === undefined || one.owned.namespace === undefined) return true;
    if (namespace === one.owned.namespace) return true;
    losses.count('namespace_changed');
    return false;
  }

  function readInto(builder: NetworkBuilder, { owned, interfaces }: Watched): void {
    const bytes = readOnce(`${procRoot}/${owned.pid}/net/dev`);
    if (!bytes) return;
    const timeMs = clock.now();
    interfaces.begin();
    const malformed = parseNetDev(bytes, (from, to, values) => {
      if (!interfaces.take(bytes, { from, to }, values)) losses.count('too_many_interfaces');
    });
    const isHost = owned.entity.kind === 'host';
    const due = isHost && clock.monotonic() - linksAtMs >= LINKS_MS;
    losses.count('too_many_interfaces', interfaces.end(isHost ? askHost : judgeContainer, due));
    for (const { row, values } of interfaces.rows()) addRow(builder, { row, timeMs, values });
    losses.count('malformed_line', malformed);
  }

  const askHost: Judgement = (names) => {
    const links = options.sysRoot === undefined ? undefined : linksOf(options.sysRoot, names);
    // Not the same names: one is just being made, or this is another namespace's sysfs. Looked at again at the next tick.
    if (links || options.sysRoot === undefined) linksAtMs = clock.monotonic();
    return judgeHost(names, links);
  };

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
