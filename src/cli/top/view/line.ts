/** A line of the screen before it is one of a terminal: pieces of text, each in a tone. Pure, so that what is shown can be tested as text. */
import { beginningOf, width } from './text.ts';

/** What a piece says by its looks; which colour that is, is the terminal's (terminal/paint.ts). */
export type Tone = 'strong' | 'faint' | 'good' | 'warn' | 'bad' | 'chosen' | 'title';

export interface Piece {
  readonly text: string;
  readonly tone?: Tone | undefined;
}

export type Line = readonly Piece[];

export function piece(text: string, tone?: Tone): Piece {
  return tone === undefined ? { text } : { text, tone };
}

export function line(text: string, tone?: Tone): Line {
  return [piece(text, tone)];
}

export function textOf(whole: Line): string {
  return whole.map(({ text }) => text).join('');
}

/** Cut to so many cells; what is cut off is marked. */
export function cutLine(whole: Line, cells: number): Line {
  if (width(textOf(whole)) <= cells) return whole;
  if (cells <= 0) return [];
  const kept: Piece[] = [];
  let left = cells - 1;
  for (const each of whole) {
    const text = beginningOf(each.text, left);
    if (text !== '') kept.push({ ...each, text });
    if (text !== each.text) return [...kept, { ...each, text: '…' }];
    left -= width(text);
  }
  return kept;
}

/** The left part, then blanks, then the right part at the edge; where there is no room for both, the left one. */
export function spread(left: Line, right: Line, cells: number): Line {
  const gap = cells - width(textOf(left)) - width(textOf(right));
  return gap < 2 || right.length === 0 ? cutLine(left, cells) : [...left, piece(' '.repeat(gap)), ...right];
}

/** The whole width in one tone: the line that is chosen, the titles. */
export function filled(whole: Line, cells: number, tone: Tone): Line {
  const text = textOf(cutLine(whole, cells));
  return line(text + ' '.repeat(Math.max(0, cells - width(text))), tone);
}
