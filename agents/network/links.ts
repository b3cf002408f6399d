/**
 * What the kernel says of the machine's interfaces, from /sys/class/net: which belong to a device, and which lie over another one. Asked
 * when interfaces come or go, not at each tick. Undefined where this sysfs shows another network namespace than the one in question.
 */
import { readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isNoData, namesIn, readOnce } from '../kernel/files.ts';

export interface Link {
  /** Made by a driver for something plugged in; a bridge, a veth, a bond, a VLAN, a tunnel are not. */
  readonly device: boolean;
  readonly bridge: boolean;
  /** A cable into a bridge. */
  readonly port: boolean;
  /** A switch's interface to a virtual function, beside the port through which all of it leaves the machine. */
  readonly representor: boolean;
  /** What it is a part of: a bridge, a bond, or the interface of a virtual machine that it speeds up. */
  readonly master: string | undefined;
  /** The interfaces that its packets pass through on their way. */
  readonly lower: readonly string[];
}

const LOWER = 'lower_';
const REPRESENTOR = /^(?:c\d+)?pf\d+(?:vf|sf)\d+/;

/** `names`: those of net/dev, loopback too. */
export function linksOf(sysRoot: string, names: readonly string[]): ReadonlyMap<string, Link> | undefined {
  const root = join(sysRoot, 'class/net');
  // `bonding_masters` is a file of the bonding module.
  const there = new Set(namesIn(root).filter((name) => name !== 'bonding_masters'));
  if (there.size !== names.length || !names.every((name) => there.has(name))) return undefined;
  return new Map(names.map((name) => [name, linkAt(join(root, name))]));
}

function linkAt(dir: string): Link {
  const entries = namesIn(dir);
  const port = readOnce(join(dir, 'phys_port_name'))?.toString('latin1') ?? '';
  return {
    device: entries.includes('device'),
    bridge: entries.includes('bridge'),
    port: entries.includes('brport'),
    representor: REPRESENTOR.test(port),
    master: entries.includes('master') ? targetOf(join(dir, 'master')) : undefined,
    lower: entries.filter((name) => name.startsWith(LOWER)).map((name) => name.slice(LOWER.length)),
  };
}

function targetOf(link: string): string | undefined {
  try {
    return basename(readlinkSync(link));
  } catch (error) {
    if (isNoData(error)) return undefined;
    throw error;
  }
}
