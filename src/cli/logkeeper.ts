/**
 * Where the log goes while a table is on the terminal that it would be written to: kept, so that it does not run through the table, and
 * written when the table is left. The latest trouble is for the table to show.
 */

type Sink = NodeJS.WritableStream & { readonly isTTY?: boolean };

export interface LogKeeper {
  /** What the log writes to. */
  readonly stream: Sink;
  /** From now on lines for a terminal are kept; for anything else they go on being written. */
  hold(): void;
  /** Writes what was kept, and everything else from now on. */
  release(): void;
  /** The last line kept that is a warning or an error, if there is one. */
  lastTrouble(): string[];
}

const MOST = 500;

export function logKeeper(out: Sink): LogKeeper {
  let held: string[] | undefined;
  let leftOut = 0;
  let trouble: string | undefined;
  const stream: Sink = Object.create(out, {
    write: {
      value: (text: string) => {
        if (held === undefined) return out.write(text);
        if (/ (WARN|ERROR) /.test(text.slice(0, 20)) || /"level":[4-6]0/.test(text)) trouble = text.trim();
        held.push(text);
        if (held.length > MOST) {
          held.shift();
          leftOut++;
        }
        return true;
      },
    },
  });
  return {
    stream,
    hold() {
      if (out.isTTY) held ??= [];
    },
    release() {
      const lines = held ?? [];
      held = undefined;
      if (leftOut > 0) out.write(`… ${leftOut} lines of the log are not shown\n`);
      leftOut = 0;
      for (const text of lines) out.write(text);
    },
    lastTrouble: () => (trouble === undefined ? [] : [`log: ${trouble}`]),
  };
}
