/**
 * Which of a namespace's interfaces count. Engines add a bridge and, for each container, a veth: what goes through them goes through the
 * container's own interface as well, and on its way out through the machine's. Added up it would count two or three times.
 */
import { parseNetDev } from './netdev.ts';

const NEVER = 0;
const VETH = 1;
const BRIDGE = 2;
const OTHER = 3;

type Rank = typeof NEVER | typeof VETH | typeof BRIDGE | typeof OTHER;

const RANKS: readonly (readonly [beginning: Buffer, rank: Rank])[] = [
  [Buffer.from('veth'), VETH],
  [Buffer.from('docker'), BRIDGE],
  [Buffer.from('nerdctl'), BRIDGE],
];
const LO = Buffer.from('lo');

export interface Name {
  readonly from: number;
  readonly to: number;
  /** Whether the namespace is the host's. */
  readonly isHost: boolean;
}

/**
 * Whether the interface named `bytes[from, to)` of a net/dev counts. Loopback never does. The host leaves out veths and bridges of
 * engines, as cAdvisor does; a container only where it has something better: it may be that a veth is all it has.
 */
export function isCounted(bytes: Buffer, { from, to, isHost }: Name): boolean {
  const rank = rankOf(bytes, from, to);
  if (rank === NEVER || rank === OTHER) return rank === OTHER;
  return !isHost && rank === highestIn(bytes);
}

/** Only for containers that have a veth or an engine's bridge: those with containers inside. */
function highestIn(bytes: Buffer): Rank {
  let highest: Rank = NEVER;
  parseNetDev(bytes, (from, to) => {
    const rank = rankOf(bytes, from, to);
    if (rank > highest) highest = rank;
  });
  return highest;
}

function rankOf(bytes: Buffer, from: number, to: number): Rank {
  if (to - from === LO.length && begins(LO, bytes, from, to)) return NEVER;
  for (const [beginning, rank] of RANKS) if (begins(beginning, bytes, from, to)) return rank;
  return OTHER;
}

function begins(beginning: Buffer, bytes: Buffer, from: number, to: number): boolean {
  // The first byte tells nearly always, at a fraction of a comparison's cost.
  if (bytes[from] !== beginning[0] || to - from < beginning.length) return false;
  return bytes.compare(beginning, 0, beginning.length, from, from + beginning.length) === 0;
}
