/** What is around every page: where one can go, how the connection stands, dark or light; and what is said before there is anything to show. */
import { useComputed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { About } from './about/about.tsx';
import { SubjectPage } from './detail/subject.tsx';
import { Explore } from './explore/explore.tsx';
import { Hosts } from './hosts.tsx';
import { link, model } from './live/link.ts';
import { choose, scheme } from './scheme.ts';
import type { View } from './state/address.ts';
import { follow, linkTo, place } from './state/place.ts';
import { Containers } from './table/containers.tsx';
import { clockTime } from './units/moment.ts';
import { wrongNow } from './wrong/now.ts';

const TABS: readonly (readonly [View, string])[] = [
  ['containers', 'Containers'],
  ['hosts', 'Hosts'],
  ['explore', 'Explore'],
  ['about', 'About'],
];

export function Shell() {
  const { view, subject } = place.value;
  const wrong = useComputed(() => wrongNow.value.filter(({ severity }) => severity === 'bad').length);
  useEffect(() => {
    const title =
      subject && 'id' in subject
        ? [...(model.peek()?.rows.values() ?? [])].find(({ id, node }) => id === subject.id && node === subject.node)
            ?.name
        : undefined;
    document.title = `${wrong.value > 0 ? `(${wrong.value}) ` : ''}${title ?? TABS.find(([each]) => each === view)?.[1]} – Plimsoll`;
  });
  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <header>
        <strong class="brand">
          <svg viewBox="0 0 32 32" width="20" height="20" aria-hidden="true">
            <circle cx="16" cy="16" r="10" />
            <path d="M1 16h30" />
          </svg>
          Plimsoll
        </strong>
        <nav aria-label="Pages">
          {TABS.map(([to, title]) => {
            const change = { view: to, subject: undefined };
            return (
              <a
                key={to}
                href={linkTo(change)}
                aria-current={view === to ? 'page' : undefined}
                onClick={(event) => follow(event, change)}
              >
                {title}
              </a>
            );
          })}
        </nav>
        <Standing />
        <button
          type="button"
          class="plain"
          aria-label={scheme.value === 'dark' ? 'Light' : 'Dark'}
          title={scheme.value === 'dark' ? 'Light' : 'Dark'}
          onClick={() => choose(scheme.value === 'dark' ? 'light' : 'dark')}
        >
          {scheme.value === 'dark' ? '☀' : '☾'}
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        <Notice />
        {model.value === undefined ? null : subject ? <SubjectPage subject={subject} /> : <Page view={view} />}
      </main>
    </>
  );
}

function Page({ view }: { readonly view: View }) {
  if (view === 'hosts') return <Hosts />;
  if (view === 'explore') return <Explore />;
  return view === 'about' ? <About /> : <Containers />;
}

/** When the numbers are of; a word if they do not move any more. */
function Standing() {
  const now = model.value;
  const { state } = link.value;
  const time = now ? clockTime(now.end) : '';
  return (
    <span class={`standing ${state === 'lost' ? 'bad' : 'faint'}`} role="status" aria-live="off">
      {state === 'live' ? `as of ${time}` : state === 'lost' ? `▲ connection lost${time ? `, as of ${time}` : ''}` : ''}
    </span>
  );
}

function Notice() {
  const now = link.value;
  if (now.state === 'signed-out')
    return (
      <p class="empty" role="alert">
        The token has changed, or you have signed out. <a href={linkTo({})}>Sign in again</a>
      </p>
    );
  if (now.state === 'lost')
    return (
      <p class="empty" role="alert">
        ▲ The collector does not answer since {clockTime(now.since)}: is it running? This page tries again by itself
        {model.value ? '; what it shows is as of then.' : '.'}
      </p>
    );
  if (model.value !== undefined) return null;
  return (
    <p class="empty" role="status">
      {now.state === 'waiting' ? `Nothing to show yet: ${now.words}. This page comes by itself.` : 'Connecting …'}
    </p>
  );
}
