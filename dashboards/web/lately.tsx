/** What ended lately, or was started again: the newest first, each with its container's page. */
import type { Happening } from './live/lately.ts';
import { ofSubject } from './state/address.ts';
import { follow, linkTo } from './state/place.ts';
import { shortSpan } from './units/figures.ts';

const SHOWN = 12;

export function Lately({ happenings, end }: { readonly happenings: readonly Happening[]; readonly end: number }) {
  if (happenings.length === 0) return null;
  return (
    <section>
      <h2>Lately</h2>
      <ul class="plain">
        {happenings.slice(0, SHOWN).map(({ at, n, name, node, id, words, bad }) => {
          const to = ofSubject({ kind: 'container', node, id });
          return (
            <li key={`${n} ${at} ${words}`}>
              <span class="faint ago">{shortSpan(end - at)} ago</span>{' '}
              <a href={linkTo(to)} onClick={(event) => follow(event, to)}>
                {name}
              </a>{' '}
              {node === '' ? '' : <span class="faint">on {node} </span>}
              <span class={bad ? 'bad' : ''}>
                {bad ? '▲ ' : ''}
                {words}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
