/** The list of hosts: what each is, how busy, how full its disks are, since when it says nothing. */
import { model } from './live/link.ts';
import type { Host, Row } from './live/message.ts';
import { ofSubject } from './state/address.ts';
import { follow, linkTo } from './state/place.ts';
import { Bar, Spark } from './table/cells.tsx';
import { bytes, cores, digits, span, UNKNOWN } from './units/figures.ts';
import { THRESHOLDS } from './wrong/thresholds.ts';
import { Empty } from './empty.tsx';
import { WrongList } from './wrong/list.tsx';

export function Hosts() {
  const now = model.value;
  if (now === undefined) return null;
  const rows = [...now.rows.values()];
  return (
    <>
      <h1 class="unseen">Hosts</h1>
      <WrongList />
      {now.hosts.length === 0 ? <Empty kind="host" /> : null}
      <div class="cards">
        {[...now.hosts]
          .sort((a, b) => (a.node < b.node ? -1 : 1))
          .map((host) => (
            <HostCard
              key={host.node}
              host={host}
              row={rows.find(({ kind, node }) => kind === 'host' && node === host.node)}
              members={rows.filter(({ kind, node }) => kind === 'container' && node === host.node)}
              end={now.end}
            />
          ))}
      </div>
    </>
  );
}

interface CardProps {
  readonly host: Host;
  readonly row: Row | undefined;
  readonly members: readonly Row[];
  readonly end: number;
}

function HostCard({ host, row, members, end }: CardProps) {
  const to = ofSubject({ kind: 'host', node: host.node });
  const running = members.filter(({ runs }) => runs).length;
  return (
    <article class="card">
      <h2>
        <a href={linkTo(to)} onClick={(event) => follow(event, to)}>
          {host.node || '(this host)'}
        </a>
      </h2>
      {end - host.seen >= THRESHOLDS.agent_silent ? <p class="bad">▲ silent for {span(end - host.seen)}</p> : null}
      <dl>
        <dt>Containers</dt>
        <dd>
          {running} running{members.length > running ? `, ${members.length - running} ended` : ''}
        </dd>
        {row ? <Numbers row={row} end={end} /> : null}
        {(host.disks ?? []).map(([device, used, size]) => (
          <Disk key={device} device={device} used={used} size={size} />
        ))}
        <Facts facts={row?.facts} />
      </dl>
    </article>
  );
}

function Numbers({ row, end }: { readonly row: Row; readonly end: number }) {
  return (
    <>
      <dt>CPU</dt>
      <dd>
        {cores(row.cpu)} of {row.cpuLimit ?? UNKNOWN} cores <Spark values={row.cpuTrail} least={row.cpuLimit ?? 1} />
      </dd>
      <dt>Memory</dt>
      <dd>
        {bytes(row.memory)} <Spark values={row.memoryTrail} least={row.memoryLimit ?? 1} />{' '}
        <Bar value={row.memory} limit={row.memoryLimit} text={bytes(row.memoryLimit)} />
      </dd>
      {row.load === null ? null : (
        <>
          <dt>Load</dt>
          <dd>{digits(row.load)}</dd>
        </>
      )}
      {row.boot === null ? null : (
        <>
          <dt>Up</dt>
          <dd>{span(end - row.boot)}</dd>
        </>
      )}
    </>
  );
}

function Disk({ device, used, size }: { readonly device: string; readonly used: number; readonly size: number }) {
  return (
    <>
      <dt>{device}</dt>
      <dd>
        <Bar value={used} limit={size} text={bytes(size)} />
      </dd>
    </>
  );
}

const SHOWN_FACTS = [
  ['os', 'System'],
  ['kernel', 'Kernel'],
  ['architecture', 'Architecture'],
  ['engines', 'Engine'],
] as const;

function Facts({ facts }: { readonly facts: Row['facts'] }) {
  return (
    <>
      {SHOWN_FACTS.flatMap(([name, title]) =>
        facts?.[name] === undefined ? [] : [<dt key={title}>{title}</dt>, <dd key={name}>{facts[name]}</dd>],
      )}
    </>
  );
}
