/**
 * Which of a namespace's interfaces count. What goes through a bridge, a cable into one, a VLAN, a bond or a tunnel goes through another
 * interface as well, and added up would count two or three times. Of the host the kernel tells which are which; into a container's
 * namespace there is no such view from outside, so there it is the names, and whether there is a bridge at all.
 */
import type { Link } from './links.ts';

/** `shown`: has a row, but groups do not add it. */
export type Standing = 'counted' | 'shown' | 'hidden';

export type Judgement = (names: readonly string[]) => readonly Standing[];

type Kind = 'loopback' | 'cable' | 'bridge' | 'layer' | 'other';

/** The later ones are nearer to the outside: of what a namespace has, the last kind counts. */
const ORDER: readonly Kind[] = ['loopback', 'cable', 'bridge', 'layer', 'other'];

/** As engines, network plugins and hypervisors name their bridges; `br-` and twelve digits is a network of Docker's. */
const BRIDGE =
  /^(?:docker|nerdctl)|^br-[0-9a-f]{12}$|^(?:br|cni|cni-podman|podman|virbr|lxcbr|lxdbr|incusbr|vmbr|cbr)\d+$|^(?:kube-bridge|weave|ovs-system)$/;
/** The same for the machine's end of a cable into a container or a virtual machine: a number is part of each. */
const CABLE = /^veth[0-9a-f]{7,8}$|^cali[0-9a-f]{11}$|^lxc[0-9a-f]{12}$|^vnet\d+$/;
const VETH = /^veth/;
/** Bonds, tunnels, and what packets are only led through. */
const LAYER =
  /^(?:bond|team|vlan|tun|tap|wg|dummy|ifb|vxlan|tailscale|zt)\d+$|^(?:tunl|sit|gre|gretap|erspan|ip6tnl|ip6gre|ip_vti|ip6_vti)0$|^(?:flannel|vxlan|vlan|genev)[._]|^vxlan\.calico$|^cilium_|^(?:kube-ipvs0|nodelocaldns)$/;
const VLAN = /^(.+)\.\d+$/;

/** A container's interfaces. A veth is how it reaches the outside, unless there is a bridge, or an engine gave it its name. */
export const judgeContainer: Judgement = (names) => {
  const kinds = kindsOf(names);
  const highest = highestOf(kinds);
  return kinds.map((kind) => standingOf(kind, highest));
};

function standingOf(kind: Kind, highest: Kind): Standing {
  if (kind === 'loopback') return 'hidden';
  if (kind === highest) return 'counted';
  return kind === 'layer' ? 'shown' : 'hidden';
}

/** The host's interfaces; `links` is what the kernel says of them, if it can be asked. */
export function judgeHost(names: readonly string[], links: ReadonlyMap<string, Link> | undefined): Standing[] {
  const devices = links && names.filter((name) => isDevice(links, name));
  if (links && devices && devices.length > 0) return names.map((name) => counted(isOutermost(links, name)));
  // A machine that is itself a container has no device: what is left is what lies over nothing.
  const kinds = kindsOf(names).map((kind, i) => (isInside(links?.get(names[i] as string)) ? 'bridge' : kind));
  const highest = highestOf(kinds);
  return kinds.map((kind) => counted((kind === 'other' || kind === 'layer') && kind === highest));
}

function counted(yes: boolean): Standing {
  return yes ? 'counted' : 'hidden';
}

function isDevice(links: ReadonlyMap<string, Link>, name: string): boolean {
  const link = links.get(name);
  return link?.device === true && !link.representor;
}

/**
 * A device's interface, and no part of another device's (a virtual machine's fast path counts in the interface that it belongs to), and
 * not one that leaves through another (the ports of a switch chip).
 */
function isOutermost(links: ReadonlyMap<string, Link>, name: string): boolean {
  if (!isDevice(links, name)) return false;
  const { master, lower } = links.get(name) as Link;
  if (master !== undefined && isDevice(links, master)) return false;
  return !lower.some((below) => isDevice(links, below) && links.get(below)?.master !== name);
}

function isInside(link: Link | undefined): boolean {
  return link !== undefined && (link.bridge || link.port || link.lower.length > 0);
}

function kindsOf(names: readonly string[]): Kind[] {
  const hasBridge = names.some((name) => BRIDGE.test(name));
  return names.map((name) => {
    if (name === 'lo') return 'loopback';
    if (BRIDGE.test(name)) return 'bridge';
    if (CABLE.test(name) || (hasBridge && VETH.test(name))) return 'cable';
    return LAYER.test(name) || names.includes(VLAN.exec(name)?.[1] ?? '') ? 'layer' : 'other';
  });
}

function highestOf(kinds: readonly Kind[]): Kind {
  return ORDER[Math.max(0, ...kinds.map((kind) => ORDER.indexOf(kind)))] as Kind;
}
