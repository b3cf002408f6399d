/** Where we are: a signal that the address follows, and the other way round. Small changes replace the address, going somewhere adds to the history. */
import { signal } from '@preact/signals';
import { HOME, type Place, placeOf, queryOf } from './address.ts';

export const place = signal<Place>(HOME);

/** Takes the address as it is, and follows the browser's back and forward. */
export function followAddress(): void {
  const take = (): void => {
    place.value = placeOf(location.search);
  };
  addEventListener('popstate', take);
  take();
}

/** To type into a filter is no step in the history. */
export function adjust(change: Partial<Place>): void {
  place.value = { ...place.value, ...change };
  history.replaceState(null, '', addressOf(place.value));
}

export function go(change: Partial<Place>): void {
  place.value = { ...place.value, ...change };
  history.pushState(null, '', addressOf(place.value));
  scrollTo(0, 0);
}

/** Relative, so that it holds behind a proxy that serves the page below a path. */
function addressOf(to: Place): string {
  return queryOf(to) || location.pathname;
}

/** For a link: the same place with something else. */
export function linkTo(change: Partial<Place>): string {
  return queryOf({ ...place.value, ...change }) || './';
}

/** A click with a key held is the browser's: a new tab. */
export function follow(event: MouseEvent, change: Partial<Place>): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  go(change);
}
