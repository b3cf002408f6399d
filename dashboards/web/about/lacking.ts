/** What is not measured here, and why that may be: rows come in, sentences by host go out. What no container of a host has, that host does not give. */
import type { NumberField, Row } from '../live/message.ts';

interface Lack {
  readonly what: string;
  readonly fields: readonly (NumberField | 'state')[];
  readonly why: string;
}

const LACKS: readonly Lack[] = [
  {
    what: 'state, health, restarts',
    fields: ['state', 'restarts'],
    why: 'no engine answers: the agent finds no socket, or may not use it. `plimsoll check agent` says which.',
  },
  {
    what: 'pressure',
    fields: ['waitCpu', 'waitMemory', 'waitIo'],
    why: 'the kernel counts it from 4.20 on with cgroup v2; some distributions switch it on with psi=1 on the kernel’s command line.',
  },
  {
    what: 'network',
    fields: ['rx', 'tx'],
    why: 'its containers share the network of the host, or the agent does not see the host’s /proc.',
  },
  {
    what: 'disk reads and writes',
    fields: ['read', 'write'],
    why: 'nothing has been read or written, or the io controller is not on for containers.',
  },
  {
    what: 'size of writable layers',
    fields: ['disk'],
    why: 'agent.filesystem is off, or the agent does not see the engine’s folders: they need root, or the host’s root mounted.',
  },
  { what: 'threads', fields: ['threads'], why: 'the pids controller is not on for containers.' },
];

export interface Lacking {
  readonly node: string;
  readonly what: string;
  readonly why: string;
}

export function lackingOf(rows: readonly Row[]): Lacking[] {
  const nodes = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.kind !== 'container' || !row.runs) continue;
    const known = nodes.get(row.node);
    if (known) known.push(row);
    else nodes.set(row.node, [row]);
  }
  return [...nodes].flatMap(([node, own]) =>
    LACKS.filter(({ fields }) => own.every((row) => fields.every((field) => row[field] === null))).map(
      ({ what, why }) => ({ node, what, why }),
    ),
  );
}
