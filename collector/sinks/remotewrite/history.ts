/**
 * Which windows the server has series of: what the next one has not got any more has gone. Only the windows themselves are kept, and of those
 * rarely more than one.
 */
import type { Frame } from '../../../src/model/batch.ts';
import type { Table } from '../../../src/model/table.ts';
import type { Window } from './series.ts';

export interface History {
  /** A frame is about to be written: what to compare it with, and the time of what has gone. */
  begin(
    frame: Frame,
    tables: readonly Table[],
  ): { readonly now: Window; readonly before: readonly Window[]; readonly markMs: number };
  /** All of it is written. */
  finish(): void;
  /** It never will be; `begun`: some of it is. */
  abandon(begun: boolean): void;
}

/** Frames that were given up after a part of them had been written, and the last whole one. */
const MAX_WINDOWS = 4;

interface Written extends Window {
  readonly endMs: number;
}

export function createHistory(): History {
  let before: readonly Written[] = [];
  let now: Written | undefined;
  /** Of the newest window that is written as a whole. */
  let writtenMs = Number.NEGATIVE_INFINITY;

  return {
    begin(frame, tables) {
      const { endMs } = frame;
      const window: Written = { tables, presence: undefined, endMs };
      // What comes after a later window, or as an addition to one, says nothing of what there is now.
      const late = frame.late !== undefined || endMs <= writtenMs;
      now = late ? undefined : window;
      // The window's last moment: after every reading of the windows before, and before the first that the next can have.
      return { now: window, before: late ? [] : before.filter((one) => one.endMs < endMs), markMs: endMs - 1 };
    },
    finish() {
      if (now) {
        before = [now];
        writtenMs = now.endMs;
      }
      now = undefined;
    },
    abandon(begun) {
      if (now && begun) before = [...before, now].slice(-MAX_WINDOWS);
      now = undefined;
    },
  };
}
