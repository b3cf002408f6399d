/** What a terminal is sent: only what has changed, in one piece, and at the end what it showed before. */
import { EventEmitter } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { canDraw, looksOf } from '../../../../src/cli/top/terminal/looks.ts';
import { paintLine, painter } from '../../../../src/cli/top/terminal/paint.ts';
import { terminalOf } from '../../../../src/cli/top/terminal/terminal.ts';
import { line, piece } from '../../../../src/cli/top/view/line.ts';
import { fakeClock } from '../../../support/clock.ts';

const ESC = '\u001b';
const LOOKS = { colours: true, unicode: true };

describe('a frame', () => {
  test('is whole at first, then only the lines that have changed, then nothing', () => {
    const { frame, forget } = painter(LOOKS);
    const first = frame([line('one'), line('two')], 10);
    expect(first).toBe(`${ESC}[?2026h${ESC}[2J${ESC}[1;1Hone${ESC}[K${ESC}[2;1Htwo${ESC}[K${ESC}[?2026l`);
    expect(frame([line('one'), line('2')], 10)).toBe(`${ESC}[?2026h${ESC}[2;1H2${ESC}[K${ESC}[?2026l`);
    expect(frame([line('one'), line('2')], 10)).toBe('');
    forget();
    expect(frame([line('one'), line('2')], 10)).toContain(`${ESC}[2J`);
  });

  test('does not clear behind a line that fills the screen: the cursor stands on its last cell', () => {
    expect(painter(LOOKS).frame([line('full')], 4)).not.toContain(`${ESC}[K`);
    expect(painter(LOOKS).frame([line('数据')], 4)).not.toContain(`${ESC}[K`);
  });

  test('of 500 rows of which one has changed is one row', () => {
    const rows = (busy: string) =>
      Array.from({ length: 500 }, (_, i) => line(`container-${i} ${i === 250 ? busy : 'idle'}`));
    const { frame } = painter(LOOKS);
    frame(rows('idle'), 80);
    expect(frame(rows('busy'), 80)).toBe(`${ESC}[?2026h${ESC}[251;1Hcontainer-250 busy${ESC}[K${ESC}[?2026l`);
  });
});

test('looks end with their piece; NO_COLOR leaves what is no colour; ASCII keeps every cell', () => {
  const bad = [piece('a '), piece('bad', 'bad')];
  expect(paintLine(bad, LOOKS)).toBe(`a ${ESC}[1;31mbad${ESC}[0m`);
  expect(paintLine([piece('x', 'warn')], { ...LOOKS, colours: false })).toBe('x');
  expect(paintLine([piece('x', 'chosen')], { ...LOOKS, colours: false })).toBe(`${ESC}[7mx${ESC}[0m`);
  expect(paintLine([piece('▁█ 数 …')], { ...LOOKS, unicode: false })).toBe(' # ?? ~');
});

test.each([
  [{}, true, true],
  [{ NO_COLOR: '1' }, false, true],
  [{ NO_COLOR: '' }, true, true],
  [{ LANG: 'C' }, true, false],
  [{ LANG: 'de_DE.UTF-8' }, true, true],
  [{ LC_ALL: 'POSIX', LANG: 'de_DE.UTF-8' }, true, false],
  [{ TERM: 'linux', LANG: 'C.UTF-8' }, true, false],
])('%j', (env, colours, unicode) => expect(looksOf(env)).toEqual({ colours, unicode }));

test.each([
  [{ TERM: 'xterm' }, true, true],
  [{ TERM: 'dumb' }, true, false],
  [{}, true, false],
  [{ TERM: 'xterm' }, false, false],
])('%j on a terminal: %s, a screen: %s', (env, isTTY, can) => expect(canDraw(env, isTTY)).toBe(can));

/** A terminal that keeps what it is sent; what is written at the very end goes to a file. */
function fakeTerminal({ keepsUp = true } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-terminal-'));
  const file = join(dir, 'end');
  const fd = openSync(file, 'w');
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const sent: string[] = [];
  const modes: boolean[] = [];
  const out = Object.assign(new EventEmitter(), {
    columns: 80,
    rows: 24,
    fd,
    write: (text: string) => {
      sent.push(text);
      return keepsUp;
    },
  });
  const input = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: (mode: boolean) => void modes.push(mode),
    resume() {},
    pause() {},
    setEncoding() {},
  });
  const clock = fakeClock();
  const terminal = terminalOf({
    input: input as unknown as NodeJS.ReadStream,
    out: out as unknown as NodeJS.WriteStream,
    looks: LOOKS,
    clock,
  });
  return { terminal, out, input, sent, modes, clock, atEnd: () => readFileSync(file, 'utf8') };
}

test('a frame is one write; a change of size is told of at once', () => {
  const { terminal, out, sent } = fakeTerminal();
  let changes = 0;
  terminal.open({ onKey() {}, onChange: () => void changes++ });
  const before = sent.length;
  terminal.draw([line('one'), line('two')]);
  expect(sent.length).toBe(before + 1);
  out.columns = 100;
  out.emit('resize');
  expect([changes, terminal.size.columns]).toEqual([1, 100]);
  terminal.close();
});

test('a terminal that does not keep up gets the newest frame when it does, not every one', () => {
  const { terminal, out, sent } = fakeTerminal({ keepsUp: false });
  let changes = 0;
  terminal.open({ onKey() {}, onChange: () => void changes++ });
  const before = sent.length;
  for (let i = 0; i < 5; i++) terminal.draw([line(`frame ${i}`)]);
  expect(sent.length).toBe(before + 1);
  out.emit('drain');
  expect(changes).toBe(1);
  terminal.close();
});

test('closed, the terminal has back what it had, and nobody listens any more', () => {
  const { terminal, out, input, modes, atEnd } = fakeTerminal();
  const listeners = () => process.listenerCount('exit') + process.listenerCount('uncaughtExceptionMonitor');
  const before = listeners();
  terminal.open({ onKey() {}, onChange() {} });
  expect(listeners()).toBe(before + 2);
  terminal.close();
  terminal.close();
  expect(modes).toEqual([true, false]);
  // The cursor, lines that continue, the screen from before.
  for (const code of ['[?25h', '[?7h', '[?1049l']) expect(atEnd()).toContain(ESC + code);
  expect(atEnd().split('[?1049l')).toHaveLength(2);
  expect([out.listenerCount('resize'), input.listenerCount('data'), listeners()]).toEqual([0, 0, before]);
});

test('an escape is one only when nothing follows it for a while', async () => {
  const { terminal, input, clock } = fakeTerminal();
  const keys: string[] = [];
  terminal.open({ onKey: (key) => void keys.push(key), onChange() {} });
  input.emit('data', ESC);
  input.emit('data', '[A');
  await clock.advance(100);
  expect(keys).toEqual(['up']);
  input.emit('data', ESC);
  await clock.advance(100);
  expect(keys).toEqual(['up', 'escape']);
  terminal.close();
});

test('stopped with Ctrl-Z nothing is drawn on the shell’s screen, until it goes on', async () => {
  const { terminal, input, sent, clock, atEnd } = fakeTerminal();
  const signals: unknown[] = [];
  const kill = vi.spyOn(process, 'kill').mockImplementation((pid, signal) => {
    signals.push([pid, signal]);
    return true;
  });
  onTestFinished(() => kill.mockRestore());
  let changes = 0;
  terminal.open({ onKey() {}, onChange: () => void changes++ });
  terminal.draw([line('one')]);
  input.emit('data', '\u001a');
  // The whole job, as a terminal would.
  expect(signals).toEqual([[0, 'SIGTSTP']]);
  expect(atEnd()).toContain(`${ESC}[?1049l`);
  const before = sent.length;
  terminal.draw([line('two')]);
  expect(sent.length).toBe(before);
  await clock.advance(100);
  expect([sent.at(-1)?.includes(`${ESC}[?1049h`), changes]).toEqual([true, 1]);
  terminal.close();
});
