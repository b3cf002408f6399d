/** What may stand at the cursor of a PromQL text: text and place in, what is being typed and of which kind out. Pure; what there is, is asked elsewhere. */

export type Spot =
  /** A metric, a function or a word of the language. */
  | { readonly kind: 'name'; readonly from: number; readonly typed: string }
  | { readonly kind: 'label'; readonly from: number; readonly typed: string; readonly metric: string | undefined }
  | {
      readonly kind: 'value';
      readonly from: number;
      readonly typed: string;
      readonly metric: string | undefined;
      readonly label: string;
    };

const WORD = /[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** Undefined where nothing can be offered: within a number, after a closing bracket. */
export function spotAt(text: string, at: number): Spot | undefined {
  const before = text.slice(0, at);
  const open = openBrace(before);
  if (open === undefined) {
    if (inString(before) || /\d$|[)\]}]\s*$/.test(before.replace(WORD, ''))) return undefined;
    const typed = WORD.exec(before)?.[0] ?? '';
    if (/\b(by|without|on|ignoring|group_left|group_right)\s*\([^()]*$/.test(before))
      return { kind: 'label', from: at - typed.length, typed, metric: metricIn(text) };
    return /\[[^\]]*$/.test(before) ? undefined : { kind: 'name', from: at - typed.length, typed };
  }
  const metric = WORD.exec(before.slice(0, open).trimEnd())?.[0];
  const inside = before.slice(open + 1);
  const [, label = '', typed] = /([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)$/.exec(inside) ?? [];
  if (typed !== undefined) return { kind: 'value', from: at - typed.length, typed, metric, label };
  const name = /(?:^|,)\s*([a-zA-Z_][a-zA-Z0-9_]*)?$/.exec(inside);
  if (!name) return undefined;
  const word = name[1] ?? '';
  return { kind: 'label', from: at - word.length, typed: word, metric };
}

/** Where the brace is that the cursor stands in; a brace within a string is none. */
function openBrace(before: string): number | undefined {
  let open: number | undefined;
  let quote = '';
  for (let i = 0; i < before.length; i++) {
    const c = before[i] as string;
    if (quote !== '') {
      if (c === '\\') i++;
      else if (c === quote) quote = '';
    } else if (c === '"' || c === "'" || c === '`') quote = c;
    else if (c === '{') open = i;
    else if (c === '}') open = undefined;
  }
  return open;
}

function inString(before: string): boolean {
  return (before.replaceAll(/\\./g, '').match(/"/g)?.length ?? 0) % 2 === 1;
}

/** The first metric that a text names. */
function metricIn(text: string): string | undefined {
  return /[a-zA-Z_:][a-zA-Z0-9_:]*(?=\s*[{[])/.exec(text)?.[0];
}

export interface Choice {
  readonly text: string;
  /** Put in its place, if it is not the text. */
  readonly insert?: string;
  readonly kind: 'metric' | 'function' | 'keyword' | 'label' | 'value';
  readonly help: string;
}

const MOST = 50;

/** What begins so first, then what holds it; the shorter the nearer. */
export function ranked(choices: readonly Choice[], typed: string): Choice[] {
  const wanted = typed.toLowerCase();
  const rank = ({ text }: Choice): number => {
    const at = text.toLowerCase().indexOf(wanted);
    return at < 0 ? -1 : (at === 0 ? 0 : 1000) + text.length;
  };
  return choices
    .map((choice) => [rank(choice), choice] as const)
    .filter(([value, { text }]) => value >= 0 && text !== typed)
    .sort(([a], [b]) => a - b)
    .slice(0, MOST)
    .map(([, choice]) => choice);
}

/** The text with the choice in the place of what was typed, and where the cursor is then. */
export function accepted(
  text: string,
  at: number,
  { spot, choice }: { spot: Spot; choice: Choice },
): readonly [text: string, at: number] {
  const word = choice.insert ?? choice.text;
  return [text.slice(0, spot.from) + word + text.slice(at), spot.from + word.length];
}

/** The place that an error of a parser names: `1:5: parse error: …`, as a number of characters. */
export function placeIn(error: string, text: string): number | undefined {
  const [, line, column] = /(?:^|\s|")(\d+):(\d+): /.exec(error) ?? [];
  if (line === undefined) return undefined;
  const lines = text.split('\n').slice(0, Number(line) - 1);
  return Math.min(text.length, lines.reduce((sum, each) => sum + each.length + 1, 0) + Number(column) - 1);
}
