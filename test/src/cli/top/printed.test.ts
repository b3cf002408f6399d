/** Where there is no screen: a line or an object for each container and reading, or the table once. Time is a fake clock's. */
import { expect, test } from 'vitest';
import { live } from '../../../../src/cli/top/live.ts';
import { nextDelayMs, secondReading } from '../../../../src/cli/top/pace.ts';
import { type PrintOptions, printLines, printOnce } from '../../../../src/cli/top/printed.ts';
import { PageError } from '../../../../src/cli/top/read/page.ts';
import type { Reading } from '../../../../src/cli/top/read/reading.ts';
import { START } from '../../../../src/cli/top/state.ts';
import type { Events, Terminal } from '../../../../src/cli/top/terminal/terminal.ts';
import { textOf } from '../../../../src/cli/top/view/line.ts';
import { fakeClock } from '../../../support/clock.ts';
import { pageWith, readingAt, T0 } from '../../../support/toppage.ts';

/** Every ten seconds a new page; what is asked for in between is the same one. */
function pages(clock: ReturnType<typeof fakeClock>, ...texts: readonly string[]) {
  const startedMs = clock.now();
  let asked = 0;
  const read = async (): Promise<Reading> => {
    asked++;
    const at = Math.min(texts.length - 1, Math.floor((clock.now() - startedMs) / 10_000));
    return readingAt(at * 10, texts[at] as string);
  };
  return { read, asked: () => asked };
}

function printing(clock: ReturnType<typeof fakeClock>, read: PrintOptions['read'], more: Partial<PrintOptions> = {}) {
  const out: string[] = [];
  const complaints: string[] = [];
  const options: PrintOptions = {
    read,
    everyMs: 2000,
    clock,
    choice: START,
    json: false,
    place: () => 'http://x/metrics',
    write: async (text) => void out.push(text),
    complain: (words) => void complaints.push(words),
    ...more,
  };
  return { options, out, complaints, lines: () => out.join('').split('\n').slice(0, -1) };
}

// 1 s in 10 s: 10 %.
const FIRST = pageWith([
  { name: 'web', cpu: 1, memory: 2048 },
  { name: 'job', cpu: 1 },
]);
const SECOND = pageWith([
  { name: 'web', cpu: 2, memory: 2048 },
  { name: 'job', state: 'exited' },
]);

test('over a pipe: titles once, a line for each container at every new reading, from the second on', async () => {
  const clock = fakeClock();
  const stop = new AbortController();
  const { read } = pages(clock, FIRST, SECOND, SECOND.replace('} 2\n', '} 5\n'));
  const { options, lines } = printing(clock, read);
  const done = printLines({ ...options, signal: stop.signal });
  await clock.advance(25_000);
  stop.abort(new Error('enough'));
  await done;
  expect(lines().map((line) => line.split(/ +/).slice(0, 5))).toEqual([
    ['TIME', 'HOST', 'NAME', 'STATE', 'CPU%'],
    ['2027-01-15T08:00:10Z', '-', 'web', 'running', '10.0'],
    // Told of once more when it ended, and then no longer.
    ['2027-01-15T08:00:10Z', '-', 'job', 'exited', '-'],
    ['2027-01-15T08:00:20Z', '-', 'web', 'running', '30.0'],
  ]);
});

test('a name with blanks is one word, and what is not known is a word too', async () => {
  const clock = fakeClock();
  const stop = new AbortController();
  const page = (cpu: number) => pageWith([{ name: 'my app\n', cpu }]);
  const { options, lines } = printing(clock, pages(clock, page(1), page(2)).read);
  const done = printLines({ ...options, signal: stop.signal });
  await clock.advance(15_000);
  stop.abort(new Error('enough'));
  await done;
  const [titles, line] = lines().map((each) => each.split(/ +/));
  expect(line).toHaveLength(titles?.length as number);
  expect(line?.[2]).toBe('my_app\uFFFD');
});

test('as JSON: base units, and what is not known is left out', async () => {
  const clock = fakeClock();
  const { options, lines } = printing(clock, pages(clock, FIRST, SECOND).read, {
    json: true,
    choice: { ...START, all: true },
  });
  const done = printOnce({ ...options, columns: 1000 });
  await clock.advance(20_000);
  expect(await done).toBe(true);
  const objects = lines().map((line) => JSON.parse(line) as unknown);
  expect(objects[0]).toEqual({
    time: '2027-01-15T08:00:10.000Z',
    kind: 'container',
    name: 'web',
    id: '/docker/0',
    state: 'running',
    cpu_cores: 0.1,
    memory_bytes: 2048,
  });
  expect(objects[1]).toMatchObject({ name: 'job', state: 'exited' });
});

test('once: what the live table shows, how many it leaves out, and meanwhile what it waits for', async () => {
  const clock = fakeClock();
  const told: string[] = [];
  const printed = async (choice: typeof START): Promise<string[]> => {
    const { options, lines } = printing(clock, pages(clock, FIRST, SECOND).read, { choice });
    const done = printOnce({ ...options, columns: 1000, waiting: (words) => told.push(words) });
    await clock.advance(20_000);
    expect(await done).toBe(true);
    return lines().map((line) => line.split(/ {2,}/)[0] as string);
  };
  expect(await printed(START)).toEqual([
    expect.stringMatching(/^NAME/),
    expect.stringMatching(/^web/),
    '1 stopped (--all)',
  ]);
  expect(told).toEqual(['CPU and network take two readings: waiting for the next of http://x/metrics …']);
});

test('once, when nothing answers: what to do, and no success', async () => {
  const refused = new PageError('connect ECONNREFUSED', {});
  const { options, complaints, out } = printing(fakeClock(), () => Promise.reject(refused));
  expect(await printOnce({ ...options, columns: 80 })).toBe(false);
  expect(out).toEqual([]);
  expect(complaints.join('\n')).toContain('cannot read http://x/metrics: connect ECONNREFUSED');
  expect(complaints.join('\n')).toContain('plimsoll agent');
});

test('once, of a page that is something else: that is said, and it does not wait for a second one', async () => {
  const { options, complaints } = printing(fakeClock(), async () => readingAt(0, 'node_cpu_seconds_total 1\n'));
  expect(await printOnce({ ...options, columns: 80 })).toBe(false);
  expect(complaints[0]).toContain('answers, but not with an agent’s or a collector’s numbers');
});

test('what cannot be read is complained about once, not at every reading', async () => {
  const clock = fakeClock();
  const stop = new AbortController();
  const { options, complaints } = printing(clock, () => Promise.reject(new PageError('no', { status: 401 })));
  const done = printLines({ ...options, signal: stop.signal });
  await clock.advance(60_000);
  stop.abort(new Error('enough'));
  await done;
  expect(complaints).toHaveLength(1);
  expect(complaints[0]).toContain('PLIMSOLL_TOKEN');
});

test('a page that changes every ten seconds is asked for about twice in that time, not five times', async () => {
  expect(nextDelayMs(2000, undefined, true)).toBe(2000);
  expect(nextDelayMs(2000, 10_000, true)).toBe(8000);
  expect(nextDelayMs(2000, 10_000, false)).toBe(2000);
  expect(nextDelayMs(2000, 1000, true)).toBe(2000);
});

/** A terminal in memory. */
function fakeScreen() {
  const screens: string[] = [];
  let events: Events | undefined;
  const terminal: Terminal = {
    size: { columns: 80, rows: 24 },
    open: (given) => {
      events = given;
    },
    draw: (lines) => void screens.push(lines.map(textOf).join('\n')),
    forget() {},
    close: () => {
      events = undefined;
    },
  };
  return {
    terminal,
    screens,
    press: (key: string) => events?.onKey(key),
    resize: () => events?.onChange(),
    isOpen: () => events !== undefined,
  };
}

const ABOUT = () => ({ place: 'http://x/metrics', trouble: [], words: [] });

test('the first table has CPU: it is drawn from two readings, a second apart', async () => {
  const clock = fakeClock(T0);
  // The agent's tick after a second: 0.25 s of CPU more.
  const read = async () => {
    const ticked = clock.now() - T0 >= 1000;
    return readingAt(ticked ? 1 : 0, pageWith([{ name: 'web', cpu: ticked ? 10.25 : 10 }]));
  };
  const { terminal, screens } = fakeScreen();
  const stop = new AbortController();
  const shown = secondReading({ read, clock, signal: stop.signal }).then((earlier) =>
    live({ read, earlier, everyMs: 1000, clock, terminal, start: START, about: ABOUT, signal: stop.signal }),
  );
  await clock.advance(1500);
  stop.abort(new Error('stopped'));
  expect(await shown).toBe('signal');
  // 0.25 s in 1 s.
  expect(screens.find((text) => text.includes('web'))).toMatch(/^web +running +25\.0/m);
});

test('keys and a new size draw at once, held numbers stand still, and the terminal is closed at the end', async () => {
  const clock = fakeClock(T0);
  const { read } = pages(clock, FIRST, SECOND);
  const { terminal, screens, press, resize, isOpen } = fakeScreen();
  const { signal } = new AbortController();
  const shown = live({ read, everyMs: 2000, clock, terminal, start: START, about: ABOUT, signal });
  await clock.advance(0);
  const before = screens.length;
  resize();
  press('a');
  expect(screens.length).toBe(before + 2);
  press('p');
  await clock.advance(15_000);
  expect(screens.at(-1)).toContain('HELD');
  expect(screens.at(-1)).not.toContain('exited');
  press('p');
  expect(screens.at(-1)).toContain('exited');
  press('q');
  expect(await shown).toBe('quit');
  expect(isOpen()).toBe(false);
});

test('nothing answers, then something does; an error leaves the numbers where they are', async () => {
  const clock = fakeClock(T0);
  const { read } = pages(clock, FIRST);
  let fails = true;
  const { terminal, screens, press } = fakeScreen();
  const flaky = () => (fails ? Promise.reject(new PageError('connect ECONNREFUSED', {})) : read());
  const shown = live({
    read: flaky,
    everyMs: 2000,
    clock,
    terminal,
    start: START,
    about: ABOUT,
    signal: new AbortController().signal,
  });
  await clock.advance(100);
  expect(screens.at(-1)).toContain('start an agent here: plimsoll agent');
  fails = false;
  await clock.advance(2000);
  expect(screens.at(-1)).toMatch(/^web +running/m);
  fails = true;
  await clock.advance(4000);
  expect(screens.at(-1)).toMatch(/^! cannot read http:\/\/x\/metrics: connect ECONNREFUSED/m);
  expect(screens.at(-1)).toMatch(/^web +running/m);
  press('ctrl+c');
  expect(await shown).toBe('interrupt');
});
