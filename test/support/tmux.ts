/** A terminal that a test looks at and types into: tmux with a server and a configuration of its own, which ends with the test. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from './wait.ts';

export interface Tmux {
  /** The lines of the screen, without blanks at their ends; with `looks`, colours and all. */
  screen(looks?: 'looks'): string[];
  /** Names of keys as tmux has them: `Enter`, `Escape`, `C-c`, `q`. */
  keys(...keys: readonly string[]): void;
  /** What somebody types, letter by letter. */
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** One of tmux's own variables: `alternate_on`, `cursor_flag`, `pane_pid`. */
  ask(variable: string): string;
  /** Waits until the screen passes; hands out the screen. Throws with the screen as it is. */
  until(test: (screen: string[]) => unknown, what: string): Promise<string[]>;
  stop(): void;
}

export interface TmuxOptions {
  readonly columns: number;
  readonly rows: number;
  /** Run by sh. */
  readonly command: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function startTmux({ columns, rows, command, env = {} }: TmuxOptions): Tmux {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-test-tmux-'));
  const socket = join(dir, 'socket');
  const tmux = (...args: string[]): string =>
    execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
  tmux('new-session', '-d', '-s', 'test', '-x', String(columns), '-y', String(rows), command);
  const screen = (looks?: 'looks'): string[] => {
    const text = tmux('capture-pane', '-p', '-t', 'test', ...(looks ? ['-e'] : []));
    return text
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => line.trimEnd());
  };
  return {
    screen,
    keys: (...keys) => void tmux('send-keys', '-t', 'test', ...keys),
    type: (text) => void tmux('send-keys', '-t', 'test', '-l', text),
    resize: (x, y) => void tmux('resize-window', '-t', 'test', '-x', String(x), '-y', String(y)),
    ask: (variable) => tmux('display-message', '-p', '-t', 'test', `#{${variable}}`).trim(),
    async until(test, what) {
      try {
        const passing = (): string[] | undefined => {
          const lines = screen();
          return test(lines) ? lines : undefined;
        };
        return await waitFor(passing, { timeoutMs: 20_000, everyMs: 50, what });
      } catch (error) {
        throw new Error(`${what}; the screen is\n${screen().join('\n')}`, { cause: error });
      }
    },
    stop() {
      try {
        tmux('kill-server');
      } catch (_ended) {
        // With its last session it ends by itself.
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
