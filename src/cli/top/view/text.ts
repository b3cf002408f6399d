/** Text as a terminal shows it: how many cells it takes, cut and filled to a number of them. Pure. */
import stringWidth from 'string-width';

/** Control characters, line ends of Unicode, and what turns the direction of writing: a terminal must not obey what a name holds. */
const OBEYED = /[\p{Cc}\p{Cs}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

export function plain(text: string): string {
  return text.replace(OBEYED, '\uFFFD');
}

const ASCII = /^[\x20-\x7e]*$/;
const graphemes = new Intl.Segmenter();
/** The same names are measured at each drawing. */
const known = new Map<string, number>();
const MAX_KNOWN = 10_000;

/** Cells: a Chinese character or an emoji takes two, an accent of its own none. */
export function width(text: string): number {
  if (ASCII.test(text)) return text.length;
  const before = known.get(text);
  if (before !== undefined) return before;
  if (known.size >= MAX_KNOWN) known.clear();
  const cells = stringWidth(text, { countAnsiEscapeCodes: true });
  known.set(text, cells);
  return cells;
}

/** At most so many cells; what is cut off is marked. */
export function cut(text: string, cells: number): string {
  if (width(text) <= cells) return text;
  return cells <= 0 ? '' : `${beginningOf(text, cells - 1)}…`;
}

/** The same with the mark in the middle: the end of a name tells one replica from another. */
export function cutMiddle(text: string, cells: number): string {
  if (width(text) <= cells) return text;
  if (cells < 8) return cut(text, cells);
  const tail = endOf(text, Math.floor((cells - 1) / 3));
  return `${beginningOf(text, cells - 1 - width(tail))}…${tail}`;
}

/** Cut and filled to just so many cells. */
export function filledTo(text: string, cells: number, align: 'left' | 'right' = 'left'): string {
  const short = cut(text, cells);
  const blank = ' '.repeat(Math.max(0, cells - width(short)));
  return align === 'left' ? short + blank : blank + short;
}

/** As many whole characters as fit. */
export function beginningOf(text: string, cells: number): string {
  if (width(text) <= cells) return text;
  return taken(
    [...graphemes.segment(text)].map(({ segment }) => segment),
    cells,
  ).join('');
}

function endOf(text: string, cells: number): string {
  const backwards = [...graphemes.segment(text)].map(({ segment }) => segment).reverse();
  return taken(backwards, cells).reverse().join('');
}

function taken(segments: readonly string[], cells: number): string[] {
  const kept: string[] = [];
  let used = 0;
  for (const segment of segments) {
    used += width(segment);
    if (used > cells) break;
    kept.push(segment);
  }
  return kept;
}
