/** A text as its lines, numbered from 1, without those that are empty. Pure. */

export interface TextLine {
  readonly line: number;
  readonly text: string;
}

export function* textLines(text: string): Generator<TextLine> {
  let line = 0;
  for (let from = 0; from < text.length; ) {
    const found = text.indexOf('\n', from);
    const to = found < 0 ? text.length : found;
    const one = text.slice(from, to);
    line++;
    from = to + 1;
    if (one.trim() !== '') yield { line, text: one };
  }
}
