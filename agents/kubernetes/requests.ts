/**
 * What a pod's container asks for, as far as its bundle tells: the kubelet makes CPU shares of the CPU that is asked for, and of a guaranteed pod the limits are what is asked for. Of
 * other pods' memory only the API server tells.
 */
import type { Requests } from '../container.ts';
import { podPathOf } from './podpath.ts';
import type { CriRecord } from './record.ts';

/** The least that the kubelet sets, for whoever asks for nothing, too. */
const NOTHING = 2;

/** Undefined for what is no container of a pod. */
export function requestsOf(record: CriRecord, told: Requests | undefined): Requests | undefined {
  if (record.type !== 'container') return undefined;
  if (told !== undefined) return told;
  const { cpuShares, memory } = record.limits;
  const isGuaranteed = podPathOf(record.cgroupPath)?.qos === 'guaranteed';
  return {
    cpu: cpuShares > NOTHING ? coresOf(cpuShares) : Number.NaN,
    memory: isGuaranteed && memory > 0 ? memory : Number.NaN,
  };
}

/** The kubelet's shares are thousandths of a core times 1024/1000, rounded down: each thousandth has shares of its own. */
function coresOf(shares: number): number {
  return Math.ceil((shares * 1000) / 1024) / 1000;
}
