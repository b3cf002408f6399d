/** Lines become what a terminal is sent: tones become colours, and of a screen only the lines that have changed are written, in one piece. */
import type { Line, Tone } from '../view/line.ts';
import { textOf } from '../view/line.ts';
import { width } from '../view/text.ts';

export interface Looks {
  /** Not with NO_COLOR; what is chosen is shown the other way round even then. */
  readonly colours: boolean;
  /** Not every terminal has more than ASCII: `LANG=C`, the Linux console. */
  readonly unicode: boolean;
}

const COLOURED: Readonly<Record<Tone, string>> = {
  strong: '1',
  faint: '2',
  good: '32',
  warn: '33',
  bad: '1;31',
  chosen: '7',
  title: '7;2',
};
const PLAIN: Readonly<Record<Tone, string>> = {
  strong: '1',
  faint: '',
  good: '',
  warn: '',
  bad: '1',
  chosen: '7',
  title: '7',
};

/** A line with its looks; every one ends without any. */
export function paintLine(line: Line, { colours, unicode }: Looks): string {
  const codes = colours ? COLOURED : PLAIN;
  return line
    .map(({ text, tone }) => {
      const shown = unicode ? text : asciiOf(text);
      const code = tone === undefined ? '' : codes[tone];
      return code === '' || shown === '' ? shown : `\x1b[${code}m${shown}\x1b[0m`;
    })
    .join('');
}

const ASCII = new Map([...'▁▂▃▄▅▆▇█'].map((bar, i) => [bar, ' .:-=+*#'[i] as string]));
for (const [of, is] of Object.entries({
  '…': '~',
  '·': '.',
  '–': '-',
  '↑': '^',
  '↓': 'v',
  '←': '<',
  '→': '>',
  '↵': 'E',
  '▏': '|',
  '’': "'",
  '×': 'x',
}))
  ASCII.set(of, is);

/** As many cells as before: what takes two is two marks. */
function asciiOf(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (character) => ASCII.get(character) ?? '?'.repeat(width(character)));
}

export interface Painter {
  /** What to write so that the screen shows these lines; empty if it does already. `cells` is the screen's width. */
  frame(lines: readonly Line[], cells: number): string;
  /** The screen is no longer what was written last: the next frame is a whole one. */
  forget(): void;
}

/** Between the two a terminal that knows them shows nothing half drawn; others pass over them. */
const BEGIN = '\x1b[?2026h';
const END = '\x1b[?2026l';

export function painter(looks: Looks): Painter {
  let shown: string[] | undefined;
  return {
    frame(lines, cells) {
      const next = lines.map((line) => paintLine(line, looks));
      const changes = next.flatMap((text, i) => {
        if (shown?.[i] === text) return [];
        // A line that fills the screen leaves the cursor on its last cell, which clearing to the end would take.
        const clear = width(textOf(lines[i] as Line)) < cells ? '\x1b[K' : '';
        return [`\x1b[${i + 1};1H${text}${clear}`];
      });
      const whole = shown === undefined ? '\x1b[2J' : '';
      shown = next;
      return changes.length === 0 && whole === '' ? '' : `${BEGIN}${whole}${changes.join('')}${END}`;
    },
    forget() {
      shown = undefined;
    },
  };
}
