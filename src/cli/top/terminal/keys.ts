/** What a terminal sends when keys are pressed, as names of keys. A sequence may come in pieces; the only state is what is not yet whole. */

export interface KeyReader {
  /** The keys that are whole now. */
  feed(text: string): string[];
  /** Nothing more has come for a while: what is left of a sequence was the key Escape. */
  flush(): string[];
  /** Whether something is left. */
  readonly pending: boolean;
}

const NAMES = new Map([
  ['A', 'up'],
  ['B', 'down'],
  ['C', 'right'],
  ['D', 'left'],
  ['H', 'home'],
  ['F', 'end'],
  ['1~', 'home'],
  ['7~', 'home'],
  ['4~', 'end'],
  ['8~', 'end'],
  ['5~', 'pageup'],
  ['6~', 'pagedown'],
  ['M', 'enter'],
]);

const CONTROLS = new Map([
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\x7f', 'backspace'],
  ['\b', 'backspace'],
  ['\x03', 'ctrl+c'],
  ['\x0c', 'ctrl+l'],
  ['\x15', 'ctrl+u'],
  ['\x1a', 'ctrl+z'],
  ['\x06', 'pagedown'],
  ['\x02', 'pageup'],
  ['\x0e', 'down'],
  ['\x10', 'up'],
]);

/** A whole sequence: `ESC [ 5 ~`, `ESC O A`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what keys send
const SEQUENCE = /^\x1b(?:\[([0-9;?<]*)([@-~])|O([A-Za-z]))/;
/** What may still become one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const BEGUN = /^\x1b(?:\[[0-9;?<]{0,20})?$|^\x1bO$/;

export function keyReader(): KeyReader {
  let rest = '';
  return {
    feed(text) {
      const keys: string[] = [];
      rest += text;
      while (rest !== '' && !BEGUN.test(rest)) {
        const [key, length] = first(rest);
        if (key !== undefined) keys.push(key);
        rest = rest.slice(length);
      }
      return keys;
    },
    flush() {
      const keys = rest === '\x1b' ? ['escape'] : [];
      rest = '';
      return keys;
    },
    get pending() {
      return rest !== '';
    },
  };
}

/** The first key of a text, and how much of the text it is. A sequence that nobody knows is none. */
function first(text: string): [key: string | undefined, length: number] {
  if (text.startsWith('\x1b')) {
    const sequence = SEQUENCE.exec(text);
    if (!sequence) return ['escape', 1];
    const [whole, numbers = '', end = '', single] = sequence;
    return [NAMES.get(single ?? (end === '~' ? `${numbers.split(';')[0]}~` : end)), whole.length];
  }
  const [character = ''] = text;
  const control = CONTROLS.get(character);
  if (control !== undefined) return [control, character.length];
  return [/^\p{Cc}$/u.test(character) ? undefined : character, character.length];
}
