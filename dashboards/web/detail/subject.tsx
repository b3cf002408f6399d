/** The page of one container, service, project, namespace or host: what it is, how it is now, and its charts. */
import { Chartless } from './chartless.tsx';
import { Charts } from './charts.tsx';
import { model } from '../live/link.ts';
import type { Row } from '../live/message.ts';
import { type Grouping, ofSubject, type Subject } from '../state/address.ts';
import { follow, linkTo } from '../state/place.ts';
import { List } from '../table/containers.tsx';
import { subjectOf } from '../table/order.ts';
import { FactList } from './facts.tsx';
import { wrongNow } from '../wrong/now.ts';

export function SubjectPage({ subject }: { readonly subject: Subject }) {
  const now = model.value;
  if (now === undefined) return null;
  const rows = [...now.rows.values()];
  const row = rows.find((each) => isSubject(each, subject));
  const members = rows.filter((each) => each.kind === 'container' && isMember(each, subject));
  const title = titleOf(subject, row);
  return (
    <article>
      <p class="path">
        <Up subject={subject} row={row} />
      </p>
      <h1 class="subject">
        {title} <span class="faint kind">{subject.kind}</span>
      </h1>
      <Wrongs who={row} />
      {row ? <FactList row={row} end={now.end} /> : null}
      {!row && members.length === 0 ? <Chartless subject={subject} /> : null}
      <Charts key={JSON.stringify(subject)} subject={subject} row={row} />
      {members.length > 0 ? (
        <>
          <h2>Its containers</h2>
          <List rows={members} tools={false} />
        </>
      ) : null}
    </article>
  );
}

function titleOf(subject: Subject, row: Row | undefined): string {
  switch (subject.kind) {
    case 'container':
      return row?.name ?? subject.id;
    case 'host':
      return subject.node || '(this host)';
    case 'service':
      return subject.project === '' ? subject.service : `${subject.project}/${subject.service}`;
    case 'project':
      return subject.project;
    case 'namespace':
      return subject.namespace;
  }
}

function isSubject(row: Row, subject: Subject): boolean {
  if (subject.kind === 'host') return row.kind === 'host' && row.node === subject.node;
  return subject.kind === 'container' && row.id === subject.id && row.node === subject.node;
}

function isMember(row: Row, subject: Subject): boolean {
  switch (subject.kind) {
    case 'container':
      return false;
    case 'host':
      return row.node === subject.node;
    case 'service':
      return row.service === subject.service && (row.project ?? '') === subject.project;
    case 'project':
      return row.project === subject.project;
    case 'namespace':
      return row.namespace === subject.namespace;
  }
}

/** Where it belongs to: back to the list, its host, its service. */
function Up({ subject, row }: { readonly subject: Subject; readonly row: Row | undefined }) {
  const above: Grouping[] = subject.kind === 'container' && row ? ['host', 'project', 'service'] : [];
  const list = { view: subject.kind === 'host' ? ('hosts' as const) : ('containers' as const), subject: undefined };
  return (
    <>
      <a href={linkTo(list)} onClick={(event) => follow(event, list)}>
        {subject.kind === 'host' ? 'All hosts' : 'All containers'}
      </a>
      {above.map((by) => {
        const to = row && subjectOf(row, by);
        if (!to) return null;
        return (
          <span key={by}>
            {' › '}
            <span class="faint">{by} </span>
            <a href={linkTo(ofSubject(to))} onClick={(event) => follow(event, ofSubject(to))}>
              {titleOf(to, undefined)}
            </a>
          </span>
        );
      })}
    </>
  );
}

function Wrongs({ who }: { readonly who: Row | undefined }) {
  if (who === undefined) return null;
  const mine = wrongNow.value.filter(({ to }) => to.subject && isSubject(who, to.subject));
  if (mine.length === 0) return null;
  return (
    <ul class="plain wrong">
      {mine.map(({ key, severity, words }) => (
        <li key={key}>
          <span class={severity}>{severity === 'bad' ? '▲' : '◐'}</span> {words}
        </li>
      ))}
    </ul>
  );
}
