/** Numbers, durations and strings as PromQL writes them. Text in, a value out, or undefined if it is none. */

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
  ['y', 31_536_000_000],
]);

/** More than this is refused, as in Prometheus, whose durations are 64-bit nanoseconds. */
const LONGEST_MS = 9_223_372_036_854;

const DURATION = /^(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?$/;

/** `1h30m` in milliseconds; undefined if it is no duration or too long. */
export function durationMs(text: string): number | undefined {
  if (text === '' || !DURATION.test(text)) return undefined;
  let total = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) {
    total += Number(digits) * (UNITS.get(unit as string) as number);
  }
  return total <= LONGEST_MS ? total : undefined;
}

/** As it is printed: whole units from years to milliseconds. Weeks only where nothing is left over, as Prometheus has it. */
export function printDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = Math.abs(ms);
  let out = ms < 0 ? '-' : '';
  const take = (unit: string, exact: boolean): void => {
    const size = UNITS.get(unit) as number;
    if (exact && rest % size !== 0) return;
    const count = Math.floor(rest / size);
    if (count > 0) out += `${count}${unit}`;
    rest -= count * size;
  };
  take('y', true);
  take('w', true);
  for (const unit of ['d', 'h', 'm', 's', 'ms']) take(unit, false);
  return out;
}

/** A number or a duration (in seconds). A leading 0 makes it octal, as in Go. */
export function numberValue(text: string): { value: number; duration: boolean } | undefined {
  const lower = text.toLowerCase();
  if (lower === 'inf') return { value: Infinity, duration: false };
  if (lower === 'nan') return { value: NaN, duration: false };
  if (/^0x/.test(lower)) return { value: Number(lower), duration: false };
  const plain = text.replaceAll('_', '');
  if (/^0[0-7]+$/.test(plain)) return { value: Number.parseInt(plain, 8), duration: false };
  if (/[a-z]$/.test(lower)) {
    const ms = durationMs(text);
    return ms === undefined ? undefined : { value: ms / 1000, duration: true };
  }
  const value = Number(plain);
  return Number.isNaN(value) ? undefined : { value, duration: false };
}

const SIMPLE: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
]);

const ESCAPE = /^(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([abfnrtv\\'"]))/;

/**
 * What a string literal stands for; undefined if it is not closed or holds an escape that does not exist. Bytes that are no UTF-8 become lone
 * surrogates (U+DC80 and up), so that they stay apart and whoever checks a name finds it ill-formed.
 */
export function stringValue(literal: string): string | undefined {
  const quote = literal[0] as string;
  if (literal.length < 2 || literal.at(-1) !== quote) return undefined;
  const body = literal.slice(1, -1);
  if (quote === '`') return body;
  if (!body.includes('\\')) return body.includes('\n') ? undefined : body;
  return unescaped(body, quote);
}

function unescaped(body: string, quote: string): string | undefined {
  let out = '';
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length > 0) out += fromBytes(bytes);
    bytes = [];
  };
  for (let i = 0; i < body.length; ) {
    const char = body[i] as string;
    if (char !== '\\') {
      if (char === '\n' || char === quote) return undefined;
      flush();
      out += char;
      i++;
      continue;
    }
    const found = ESCAPE.exec(body.slice(i + 1, i + 10));
    if (!found) return undefined;
    const [all, hex, octal, short, long, simple] = found;
    i += 1 + all.length;
    if (hex !== undefined || octal !== undefined) {
      const byte = hex !== undefined ? Number.parseInt(hex, 16) : Number.parseInt(octal as string, 8);
      if (byte > 255) return undefined;
      bytes.push(byte);
      continue;
    }
    flush();
    if (simple !== undefined) {
      // The other quote needs no escape, and has none.
      if ((simple === '"' || simple === "'") && simple !== quote) return undefined;
      out += SIMPLE.get(simple) as string;
      continue;
    }
    const code = Number.parseInt((short ?? long) as string, 16);
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
    out += String.fromCodePoint(code);
  }
  flush();
  return out;
}

function fromBytes(bytes: readonly number[]): string {
  const whole = Buffer.from(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(whole);
  } catch {
    // Not UTF-8: each byte for itself, none of them a character.
    return bytes.map((byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join('');
  }
}
