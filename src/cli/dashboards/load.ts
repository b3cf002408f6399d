/** The bytes of a file or of an address, bounded in size and in time, as text. */
import { basicAuthorization, loginIn } from '../../config/webaddress.ts';
import { readBounded, textOf } from '../../config/bounded.ts';
import { withoutCredentials } from '../../config/redact.ts';
import { ConfigError } from '../../errors.ts';
import { beginning } from '../../http/beginning.ts';
import { remedyFor } from '../../http/remedy.ts';
import type { Clock } from '../../run/clock.ts';

/** The largest dashboards that people share have a megabyte. */
export const MAX_BYTES = 8_000_000;
const DEADLINE_MS = 20_000;

export interface Place {
  /** Without user and password: can be shown. */
  readonly shown: string;
  read(): Promise<string>;
}

export function placeOf(given: string, clock: Clock, deadlineMs = DEADLINE_MS): Place {
  if (!/^https?:\/\//i.test(given)) return { shown: given, read: async () => fileText(given) };
  const shown = shownAddress(given);
  return { shown, read: () => webText(given, { shown, clock, deadlineMs }) };
}

/** The path stays: it is what tells one dashboard from another. A token may be behind the question mark. */
function shownAddress(given: string): string {
  if (!URL.canParse(given)) return withoutCredentials(given);
  const { origin, pathname } = new URL(given);
  return `${origin}${pathname}`;
}

function fileText(file: string): string {
  try {
    return textOf(readBounded(file, MAX_BYTES).bytes);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const words = code === 'ENOENT' ? 'there is no such file' : message;
    throw new ConfigError(`cannot read ${file}: ${words}`, { cause });
  }
}

interface Web {
  readonly shown: string;
  readonly clock: Clock;
  readonly deadlineMs: number;
}

async function webText(given: string, { shown, clock, deadlineMs }: Web): Promise<string> {
  if (!URL.canParse(given))
    throw new ConfigError(`cannot read ${shown}: it is no address such as "https://host/dashboard.json"`);
  const url = new URL(given);
  const login = loginIn(url);
  if (typeof login === 'string') throw new ConfigError(`cannot read ${shown}: it ${login}`);
  url.username = '';
  url.password = '';
  const late = new AbortController();
  const cancel = clock.after(deadlineMs, () =>
    late.abort(new Error(`it did not answer within ${deadlineMs / 1000} s`)),
  );
  try {
    const headers = { accept: 'application/json, */*', ...(login ? { authorization: basicAuthorization(login) } : {}) };
    const answer = await fetch(url, { headers, signal: late.signal });
    const text = answer.body ? await beginning(answer.body as AsyncIterable<Uint8Array>, MAX_BYTES + 1) : '';
    if (!answer.ok) throw new Error(`it answered ${answer.status}${hintFor(answer.status)}`);
    if (Buffer.byteLength(text) > MAX_BYTES)
      throw new Error(`it has more than ${MAX_BYTES} bytes, the most that is read`);
    return text;
  } catch (cause) {
    const known = late.signal.aborted ? (late.signal.reason as Error) : (cause as Error);
    const inner = known.cause instanceof Error ? known.cause : known;
    throw new ConfigError(
      `cannot read ${shown}: ${inner.message || String((inner as NodeJS.ErrnoException).code)}${remedyFor(inner, given)}`,
      { cause },
    );
  } finally {
    cancel();
  }
}

function hintFor(status: number): string {
  if (status === 401 || status === 403)
    return '; save the file and give its name, or put user and password into the address';
  return status === 404 ? '; there is nothing at this address' : '';
}
