/**
 * A kubelet's `/stats/summary` (kubelet/pkg/apis/stats/v1alpha1): JSON comes in; node, pods and containers go out, with the numbers that it has and the time at which each was read. What is not there is
 * NaN. A pod that is not as it should be is left out alone.
 */
import * as z from 'zod';

const number = z.number().nonnegative().optional().catch(undefined);
const time = z.string().optional().catch(undefined);
const cpu = z.object({ time, usageCoreNanoSeconds: number }).optional().catch(undefined);
const memory = z
  .object({
    time,
    usageBytes: number,
    workingSetBytes: number,
    rssBytes: number,
    pageFaults: number,
    majorPageFaults: number,
  })
  .optional()
  .catch(undefined);
const link = z.object({ name: z.string(), rxBytes: number, rxErrors: number, txBytes: number, txErrors: number });
const network = z
  .object({ time, name: z.string().optional().catch(undefined), interfaces: z.array(link).optional().catch(undefined) })
  .optional()
  .catch(undefined);
const usage = { startTime: time, cpu, memory };
const container = z.object({ name: z.string().min(1), ...usage });
const pod = z.object({
  podRef: z.object({ name: z.string().min(1), namespace: z.string().min(1), uid: z.string().min(1) }),
  containers: z.array(z.unknown()).optional().catch(undefined),
  network,
  ...usage,
});
const node = z.object({ network, ...usage });

export interface Usage {
  readonly startMs: number;
  /** Unix milliseconds, seconds. */
  readonly cpu: { readonly timeMs: number; readonly seconds: number };
  readonly memory: {
    readonly timeMs: number;
    readonly usage: number;
    readonly workingSet: number;
    readonly rss: number;
    readonly pageFaults: number;
    readonly majorFaults: number;
  };
}

export interface Link {
  readonly name: string;
  readonly rxBytes: number;
  readonly rxErrors: number;
  readonly txBytes: number;
  readonly txErrors: number;
}

export interface Links {
  readonly timeMs: number;
  readonly links: readonly Link[];
}

export interface PodUsage extends Usage {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** None for a pod on the host's network, which is counted for the node. */
  readonly network: Links | undefined;
  readonly containers: readonly (Usage & { readonly name: string })[];
}

export interface Summary {
  readonly node: Usage & { readonly network: Links | undefined };
  readonly pods: readonly PodUsage[];
}

/** Throws for what is no summary at all. */
export function parseSummary(text: string): Summary {
  const parsed = z.object({ node, pods: z.array(z.unknown()) }).safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`the kubelet’s answer is no summary: ${z.prettifyError(parsed.error)}`);
  const own = linksOf(parsed.data.node.network);
  // Of the machine the interface that leads out; the others lie behind it.
  const outside = own?.links.filter(({ name }) => name === parsed.data.node.network?.name) ?? [];
  return {
    node: { ...usageOf(parsed.data.node), network: own && { ...own, links: outside } },
    pods: parsed.data.pods.flatMap((one) => {
      const known = pod.safeParse(one);
      return known.success ? [podOf(known.data, own)] : [];
    }),
  };
}

function podOf(from: z.output<typeof pod>, host: Links | undefined): PodUsage {
  const links = linksOf(from.network);
  return {
    ...from.podRef,
    ...usageOf(from),
    network: links !== undefined && isHosts(links, host) ? undefined : links,
    containers: (from.containers ?? []).flatMap((one) => {
      const known = container.safeParse(one);
      return known.success ? [{ name: known.data.name, ...usageOf(known.data) }] : [];
    }),
  };
}

const ms = (text: string | undefined): number => Math.max(0, Date.parse(text ?? '') || 0);
const NONE = Number.NaN;

function usageOf(from: z.output<typeof container> | z.output<typeof node>): Usage {
  const { startTime, cpu: used, memory: held } = from;
  return {
    startMs: ms(startTime),
    cpu: { timeMs: ms(used?.time), seconds: (used?.usageCoreNanoSeconds ?? NONE) / 1e9 },
    memory: {
      timeMs: ms(held?.time),
      usage: held?.usageBytes ?? NONE,
      workingSet: held?.workingSetBytes ?? NONE,
      rss: held?.rssBytes ?? NONE,
      pageFaults: held?.pageFaults ?? NONE,
      majorFaults: held?.majorPageFaults ?? NONE,
    },
  };
}

function linksOf(from: z.output<typeof network>): Links | undefined {
  if (from?.interfaces === undefined) return undefined;
  const links = from.interfaces.map(({ name, rxBytes = NONE, rxErrors = NONE, txBytes = NONE, txErrors = NONE }) => ({
    ...{ name, rxBytes, rxErrors, txBytes, txErrors },
  }));
  return { timeMs: ms(from.time), links };
}

/** How much may come in between the kubelet's reading of the node and that of a pod. */
const NEAR = 0.1;

/** The kubelet repeats the host's interfaces for pods on its network: the same names with the same numbers, give or take what came in between. */
function isHosts({ links }: Links, host: Links | undefined): boolean {
  if (host === undefined || links.length === 0) return false;
  const ofHost = new Map(host.links.map((one) => [one.name, one]));
  return links.every(({ name, rxBytes, txBytes }) => {
    const other = ofHost.get(name);
    return other !== undefined && isNear(rxBytes, other.rxBytes) && isNear(txBytes, other.txBytes);
  });
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= NEAR * Math.max(a, b);
}
