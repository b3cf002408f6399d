/** Dark or light: as the system says, unless it was chosen here. Kept in this browser. */
import { signal } from '@preact/signals';

export type Scheme = 'dark' | 'light';

const KEY = 'plimsoll-scheme';
const dark = matchMedia('(prefers-color-scheme: dark)');

export const scheme = signal<Scheme>('light');

export function followScheme(): void {
  const chosen = stored();
  show(chosen ?? system());
  dark.addEventListener('change', () => stored() ?? show(system()));
}

export function choose(wanted: Scheme): void {
  try {
    localStorage.setItem(KEY, wanted);
  } catch (_forbidden) {
    // It holds until the page is left.
  }
  show(wanted);
}

function show(wanted: Scheme): void {
  document.documentElement.dataset.scheme = wanted;
  scheme.value = wanted;
}

function system(): Scheme {
  return dark.matches ? 'dark' : 'light';
}

function stored(): Scheme | undefined {
  try {
    const text = localStorage.getItem(KEY);
    return text === 'dark' || text === 'light' ? text : undefined;
  } catch (_forbidden) {
    return undefined;
  }
}
