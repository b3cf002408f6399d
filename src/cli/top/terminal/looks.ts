/** What the environment says of the terminal: whether a screen can be drawn on it at all, in colours, with more than ASCII. Pure. */
import type { Looks } from './paint.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A terminal that can move its cursor. */
export function canDraw({ TERM }: Env, isTTY: boolean): boolean {
  return isTTY && TERM !== undefined && TERM !== '' && TERM !== 'dumb';
}

/** A locale that is set and is none of UTF-8 has no other characters; one that is not set says nothing. */
export function looksOf({ NO_COLOR, TERM, LC_ALL, LC_CTYPE, LANG }: Env): Looks {
  const locale = LC_ALL || LC_CTYPE || LANG || 'UTF-8';
  const isConsole = TERM === 'linux' || (TERM ?? '').startsWith('vt');
  return {
    colours: (NO_COLOR ?? '') === '' && !/^(vt\d|.*-m$)/.test(TERM ?? ''),
    unicode: /utf-?8/i.test(locale) && !isConsole,
  };
}
