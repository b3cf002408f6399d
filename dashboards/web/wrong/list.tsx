/** What is wrong now, on top of everything; one quiet line if nothing is. */
import { useSignal } from '@preact/signals';
import { model } from '../live/link.ts';
import { follow, linkTo } from '../state/place.ts';
import { wrongNow } from './now.ts';

/** The worst; the others after a press. On a phone what is below is to be seen, too. */
function first(): number {
  return innerWidth < 600 ? 3 : 6;
}

export function WrongList() {
  const all = useSignal(false);
  if (model.value === undefined) return null;
  const wrong = wrongNow.value;
  // Where nobody is seen, nobody knows.
  if (wrong.length === 0 && model.value.hosts.length === 0) return null;
  if (wrong.length === 0)
    return (
      <p class="quiet" role="status">
        <span class="good" aria-hidden="true">
          ✓
        </span>{' '}
        Nothing is wrong now.
      </p>
    );
  const shown = all.value ? wrong : wrong.slice(0, first());
  return (
    <section class="wrong" aria-label="What is wrong now">
      <h2>
        {wrong.length} {wrong.length === 1 ? 'thing is' : 'things are'} wrong now
      </h2>
      <ul class="plain">
        {shown.map(({ key, severity, who, words, to }) => (
          <li key={key}>
            <span class={severity}>
              <span aria-hidden="true">{severity === 'bad' ? '▲' : '◐'}</span>
              <span class="unseen">{severity === 'bad' ? 'Bad: ' : 'Warning: '}</span>
            </span>{' '}
            <a href={linkTo(to)} onClick={(event) => follow(event, to)}>
              {who}
            </a>{' '}
            {words}
          </li>
        ))}
      </ul>
      {wrong.length > first() ? (
        <button type="button" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>
          {all.value ? 'Show fewer' : `Show ${wrong.length - first()} more`}
        </button>
      ) : null}
    </section>
  );
}
