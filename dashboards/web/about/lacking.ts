/**
 * What is not measured here, and why that may be: rows come in, sentences with their hosts go out. An agent says what its
 * kernel does not tell; what else no container of a host has, that host does not give.
 */
import type { NumberField, Row } from '../live/message.ts';

interface Lack {
  readonly what: string;
  readonly fields: readonly (NumberField | 'state')[];
  readonly why: string;
  /** How the agent calls the same, which knows better. */
  readonly said: RegExp;
}

const LACKS: readonly Lack[] = [
  {
    what: 'state, health, restarts',
    fields: ['state', 'restarts'],
    why: 'no engine answers: the agent finds no socket, or may not use it. `plimsoll check agent` says which.',
    said: /^state/,
  },
  {
    what: 'pressure',
    fields: ['waitCpu', 'waitMemory', 'waitIo'],
    why: 'the kernel counts it from 4.20 on with cgroup v2; some distributions switch it on with psi=1 on the kernel’s command line.',
    said: /pressure/,
  },
  {
    what: 'network',
    fields: ['rx', 'tx'],
    why: 'its containers share the network of the host, or the agent does not see the host’s /proc.',
    said: /network/,
  },
  {
    what: 'disk reads and writes',
    fields: ['read', 'write'],
    why: 'nothing has been read or written, or the io controller is not on for containers.',
    said: /disks/,
  },
  {
    what: 'size of writable layers',
    fields: ['disk'],
    why: 'agent.filesystem is off, or the agent does not see the engine’s folders: they need root, or the host’s root mounted.',
    said: /layer/,
  },
  { what: 'threads', fields: ['threads'], why: 'the pids controller is not on for containers.', said: /threads/ },
];

export interface Lacking {
  readonly nodes: readonly string[];
  readonly what: string;
  readonly why: string;
}

/** What the agents say of their kernels, then what nothing else says why; the same of many hosts is one sentence. */
export function lackingOf(rows: readonly Row[]): Lacking[] {
  const found = new Map<string, { nodes: string[]; what: string; why: string }>();
  const add = (node: string, what: string, why: string): void => {
    const key = JSON.stringify([what, why]);
    const known = found.get(key);
    if (known) known.nodes.push(node || '(this host)');
    else found.set(key, { nodes: [node || '(this host)'], what, why });
  };
  const told = new Map(rows.filter(({ kind }) => kind === 'host').map(({ node, absent = [] }) => [node, absent]));
  for (const [node, absent] of told) for (const [what, why] of absent) add(node, what, why);
  for (const [node, own] of containersOf(rows))
    for (const { what, fields, why, said } of LACKS)
      if (own.every((row) => fields.every((field) => row[field] === null)))
        if (!told.get(node)?.some(([each]) => said.test(each))) add(node, what, why);
  return [...found.values()];
}

function containersOf(rows: readonly Row[]): Map<string, Row[]> {
  const nodes = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.kind !== 'container' || !row.runs) continue;
    const known = nodes.get(row.node);
    if (known) known.push(row);
    else nodes.set(row.node, [row]);
  }
  return nodes;
}
