/**
 * Lines that a server will never take, kept in a file for people: each under a comment with the time and the server's reason. The file is line
 * protocol, so that what has been mended can be sent as it is. Bounded: at half of the bytes it becomes `<file>.1`, in whose place it is put.
 */
import { accessSync, appendFileSync, constants, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from '../../../src/errors.ts';

export interface DeadLetter {
  readonly line: string;
  readonly reason: string;
}

export interface DeadLetters {
  add(letters: readonly DeadLetter[], nowMs: number): void;
  /** Why the last could not be written; undefined if they could. */
  readonly trouble: string | undefined;
}

/** A server may quote whole lines. */
const MAX_REASON = 500;

/** Throws a ConfigError if nothing can be written there. `key` is where the file's name comes from. */
export function createDeadLetters(key: string, file: string, maxBytes: number): DeadLetters {
  let size = sizeOf(key, file);
  const half = Math.floor(maxBytes / 2);
  let trouble: string | undefined;

  function write(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (size > 0 && size + bytes > half) {
      renameSync(file, `${file}.1`);
      size = 0;
    }
    // Labels may be nobody else's business.
    appendFileSync(file, text, { mode: 0o600 });
    size += bytes;
  }

  return {
    add(letters, nowMs) {
      const text = textOf(letters, { nowMs, maxBytes: half });
      if (text === '') return;
      try {
        write(text);
        trouble = undefined;
      } catch (error) {
        trouble = `${file}: ${(error as Error).message}`;
      }
    },
    get trouble() {
      return trouble;
    },
  };
}

function sizeOf(key: string, file: string): number {
  try {
    accessSync(dirname(file), constants.W_OK | constants.X_OK);
    const found = statSync(file, { throwIfNoEntry: false });
    if (found && !found.isFile()) throw new Error('it is no regular file');
    if (found) accessSync(file, constants.W_OK);
    return found?.size ?? 0;
  } catch (error) {
    const why = `${(error as Error).message}; its folder must be there, and this user may write to it`;
    throw new ConfigError(`${key}: is "${file}": ${why}`, { cause: error });
  }
}

/** As many of them as have room. */
function textOf(letters: readonly DeadLetter[], { nowMs, maxBytes }: { nowMs: number; maxBytes: number }): string {
  const time = new Date(nowMs).toISOString();
  const parts: string[] = [];
  let bytes = 0;
  let last: string | undefined;
  for (const { line, reason } of letters) {
    const comment = reason === last ? '' : `# ${time} ${oneLine(reason)}\n`;
    const text = `${comment}${line}\n`;
    bytes += Buffer.byteLength(text);
    if (bytes > maxBytes) break;
    parts.push(text);
    last = reason;
  }
  return parts.join('');
}

function oneLine(reason: string): string {
  const text = reason.replace(/\s+/g, ' ').trim();
  return text.length > MAX_REASON ? `${text.slice(0, MAX_REASON)}…` : text;
}
