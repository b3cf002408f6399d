/** The small notation of test scripts: `name{label="value"} 1 2+3x4 _ stale`. Text → labels and values. */
import { durationMs, stringValue } from '../../collector/query/parse/literals.ts';
import type { LabelPair } from '../../src/model/labels.ts';

/** A number, nothing, a stale marker, or a native histogram, which nobody here has. */
export type Value = number | undefined | 'stale' | 'histogram';

export interface Line {
  readonly labels: readonly LabelPair[];
  readonly values: readonly Value[];
}

/** A duration, or a bare number of seconds. */
export function duration(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const bare = text.replace(/^[-+]/, '');
  const ms = /^\d+(?:\.\d+)?$/.test(bare) ? Number(bare) * 1000 : durationMs(bare);
  if (ms === undefined) throw new Error(`no duration: ${text}`);
  return sign * ms;
}

export function number(text: string): number | undefined {
  const found = /^([-+]?)(inf|nan|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)$/i.exec(text);
  if (!found) return undefined;
  const word = (found[2] as string).toLowerCase();
  const value = word === 'inf' ? Number.POSITIVE_INFINITY : word === 'nan' ? Number.NaN : Number(word);
  return found[1] === '-' ? -value : value;
}

/** A quoted string at the start of a text: what it says, and what is left. */
export function quoted(text: string): { value: string; rest: string } {
  const literal = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)/s.exec(text)?.[0];
  const value = literal === undefined ? undefined : stringValue(literal);
  if (literal === undefined || value === undefined) throw new Error(`no string: ${text}`);
  return { value, rest: text.slice(literal.length).trimStart() };
}

export function line(text: string): Line {
  const { labels, rest } = series(text);
  return { labels, values: values(rest) };
}

function series(text: string): { labels: LabelPair[]; rest: string } {
  const labels: LabelPair[] = [];
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:.]*/.exec(text)?.[0];
  if (name) labels.push(['__name__', name]);
  let rest = text.slice(name?.length ?? 0);
  const braces = /^\s*\{(?!\{)/.exec(rest);
  if (!braces) {
    if (!name) throw new Error(`no series: ${text}`);
    return { labels, rest: rest.trim() };
  }
  rest = rest.slice(braces[0].length).trimStart();
  while (!rest.startsWith('}')) {
    const { pair, rest: after } = pairAt(rest);
    labels.push(pair);
    rest = after.startsWith(',') ? after.slice(1).trimStart() : after;
  }
  return { labels, rest: rest.slice(1).trim() };
}

function pairAt(text: string): { pair: LabelPair; rest: string } {
  const inQuotes = /^["'`]/.test(text);
  const plain = inQuotes ? undefined : /^[a-zA-Z_:.][a-zA-Z0-9_:.]*/.exec(text)?.[0];
  if (!inQuotes && plain === undefined) throw new Error(`no label: ${text}`);
  const key = inQuotes
    ? quoted(text)
    : { value: plain as string, rest: text.slice((plain as string).length).trimStart() };
  if (!key.rest.startsWith('=')) return { pair: ['__name__', key.value], rest: key.rest };
  const { value, rest } = quoted(key.rest.slice(1).trimStart());
  return { pair: [key.value, value], rest };
}

/** `1x3` is four times 1; `1+2x3` goes on from 1 in steps of 2, three times. */
export function values(text: string): Value[] {
  const out: Value[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const histogram = /^\{\{.*?\}\}(?:[-+]\{\{.*?\}\})?(?:x(\d+))?/.exec(rest);
    const word = histogram ? histogram[0] : (/^\S+/.exec(rest) as RegExpExecArray)[0];
    rest = rest.slice(word.length).trimStart();
    if (histogram) out.push(...new Array<Value>(Number(histogram[1] ?? 0) + 1).fill('histogram'));
    else out.push(...repeated(word));
  }
  return out;
}

function repeated(word: string): Value[] {
  const plain = number(word);
  if (plain !== undefined) return [plain];
  const [, what, times] = /^(.+?)(?:x(\d+))?$/.exec(word) as unknown as [string, string, string | undefined];
  if (what === '_') return new Array<Value>(Number(times ?? 1)).fill(undefined);
  const count = Number(times ?? 0) + 1;
  if (what === 'stale') return new Array<Value>(count).fill('stale');
  const same = number(what);
  if (same !== undefined) return new Array<Value>(count).fill(same);
  const parts = /^([-+]?[^-+]+(?:e[-+]?\d+)?)([-+].+)$/i.exec(what);
  const start = number(parts?.[1] ?? '');
  const step = number(parts?.[2] ?? '');
  if (start === undefined || step === undefined || times === undefined) throw new Error(`no value: ${word}`);
  // Added up as the scripts' authors do, rounding included.
  const out: Value[] = [];
  for (let i = 0, value = start; i < count; i++, value += step) out.push(value);
  return out;
}
