/** What a thing is, and its numbers now. */
import type { ComponentChildren } from 'preact';
import type { Row } from '../live/message.ts';
import { Bar, StateMark } from '../table/cells.tsx';
import { bytes, bytesPerSecond, cores, percent, span, UNKNOWN } from '../units/figures.ts';
import { share } from '../table/filter.ts';
import { sinceOf } from '../table/words.ts';

export function FactList({ row, end }: { readonly row: Row; readonly end: number }) {
  const since = sinceOf(row);
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    ['State', <StateMark key="state" row={row} />],
    [row.runs ? 'Up' : 'Ended', since === null ? null : row.runs ? span(end - since) : `${span(end - since)} ago`],
    [
      'CPU',
      `${cores(row.cpu)}${row.cpuLimit === null ? ', no limit' : ` of ${cores(row.cpuLimit)} (${percent(share(row.cpu, row.cpuLimit))})`}`,
    ],
    ['Throttled', row.throttled === null ? null : `in ${percent(row.throttled)} of its periods`],
    ['Memory', <Memory key="memory" row={row} />],
    ['Cache', row.cache === null ? null : bytes(row.cache)],
    ['Network', row.rx === null ? null : `${bytesPerSecond(row.rx)} in, ${bytesPerSecond(row.tx)} out`],
    [
      'Disks',
      row.read === null && row.write === null
        ? null
        : `${bytesPerSecond(row.read)} read, ${bytesPerSecond(row.write)} written`,
    ],
    ['Writable layer', row.disk === null ? null : bytes(row.disk)],
    [
      'Threads',
      row.threads === null ? null : `${row.threads}${row.threadsMax === null ? '' : ` of ${row.threadsMax}`}`,
    ],
    ['Restarts', row.restarts],
    ['Killed in it', row.oom === null || row.oom === 0 ? null : `${row.oom} for want of memory`],
    ['Image', row.image],
    ['Host', row.kind === 'host' ? null : row.node],
    ...Object.entries(row.facts ?? {}).map(([name, value]) => [titled(name), value] as const),
    ['Cgroup', row.kind === 'host' ? null : row.id],
  ];
  return (
    <dl class="facts">
      {facts.flatMap(([name, value]) =>
        value === null || value === undefined || value === ''
          ? []
          : [<dt key={`${name}:`}>{name}</dt>, <dd key={name}>{value}</dd>],
      )}
    </dl>
  );
}

/** A label's name as the other titles are: `image_id` is `Image id`. */
function titled(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`.replaceAll('_', ' ');
}

function Memory({ row }: { readonly row: Row }) {
  if (row.memory === null) return <>{UNKNOWN}</>;
  return (
    <>
      {bytes(row.memory)}
      {row.memoryLimit === null ? (
        ', no limit'
      ) : (
        <>
          {' '}
          <Bar value={row.memory} limit={row.memoryLimit} text={bytes(row.memoryLimit)} />
        </>
      )}
    </>
  );
}
