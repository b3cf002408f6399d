/** `plimsoll top` in a real terminal, over real containers: what a person at the keys sees. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { width } from '../../src/cli/top/view/text.ts';
import { CHECKOUT, plimsoll } from '../support/command.ts';
import { burn, killed } from '../support/containers.ts';
import { engineAt } from '../support/engine.ts';
import { requirePrograms } from '../support/install.ts';
import { freePort } from '../support/ports.ts';
import { type Program, startProgram } from '../support/program.ts';
import { serviceLabels } from '../support/stage.ts';
import { startTmux, type Tmux } from '../support/tmux.ts';
import { waitFor } from '../support/wait.ts';

const engine = engineAt(inject('dockerSocket'));
const MAIN = join(CHECKOUT, 'dist/src/cli/main.js');
const LONG = 'a-name-that-somebody-generated-for-a-checkout-service-worker-of-a-shop-0042';
const MIB = 1024 * 1024;
const ESC = '\u001b';

let program: Program;
const terminals: Tmux[] = [];

beforeAll(async () => {
  requirePrograms('tmux');
  await burn(engine, { name: 'busy', cores: 0.2 });
  await engine.run({ name: LONG, flags: ['--memory', '64m'], script: 'sleep 100000' });
  for (const name of ['web-1', 'web-2'])
    await engine.run({ name, flags: serviceLabels('shop', 'web'), script: 'sleep 100000' });
  await killed(engine, { name: 'victim' });
  await engine
    .docker(
      'run',
      '--name',
      'greedy',
      '--memory',
      '16m',
      '--memory-swap',
      '16m',
      'plimsoll-test/busybox',
      'tail',
      '/dev/zero',
    )
    .catch(() => '');
  program = await startProgram({
    command: 'run',
    config: {
      node: 'host-1',
      agent: { interval: '1s', engines: [`unix://${engine.socket}`] },
      collector: { window: '1s', lateness: '200ms' },
    },
  });
  await program.ready();
});

afterEach(() => {
  for (const terminal of terminals.splice(0)) terminal.stop();
});

afterAll(async () => {
  await program?.stop();
  await engine.remove();
});

interface Started {
  readonly columns?: number;
  readonly rows?: number;
  readonly url?: string;
  readonly flags?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A shell that has written something, then top over it, then how that ended. */
function top({ columns = 80, rows = 24, url = program.agentUrl, flags = '', env = {} }: Started = {}): Tmux {
  const command = `echo before the table; '${process.execPath}' '${MAIN}' top --every 500ms --url ${url} ${flags}; echo "ended with $?"; sleep 1000`;
  const terminal = startTmux({ columns, rows, command, env: { TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env } });
  terminals.push(terminal);
  return terminal;
}

const lineOf = (lines: readonly string[], name: string): string => lines.find((line) => line.startsWith(name)) ?? '';
const hasRates = (lines: readonly string[]): boolean => /^busy +running +\d+\.\d/.test(lineOf(lines, 'busy'));

function fits(
  lines: readonly string[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
): boolean {
  return (
    lines.length === rows &&
    lines.every((line) => width(line) <= columns) &&
    lines.at(-1)?.startsWith('q quit') === true
  );
}

describe('the table', () => {
  test('80 by 24: what each container does, numbers beside a name that is too long', async () => {
    const lines = await top().until(hasRates, 'rates of busy');
    expect(fits(lines, { columns: 80, rows: 24 })).toBe(true);
    expect(lines[0]).toMatch(/^plimsoll top {2}http:\/\/127\.0\.0\.1:\d+ {2}4 running, 2 stopped/);
    const titles = lineOf(lines, 'NAME');
    expect(titles).toMatch(/STATE +CPU % .*MEM +LIMIT|STATE +CPU % .*MEM/);
    // A quota of 0.2, two readings a second apart, either of them up to a period of a tenth off.
    const cpu = Number(/running +(\d+\.\d)/.exec(lineOf(lines, 'busy'))?.[1]);
    expect(cpu).toBeGreaterThan(8);
    expect(cpu).toBeLessThan(32);
    // The one with the long name has been cut; its memory has not.
    expect(lineOf(lines, 'a-name')).toMatch(/^a-name\S*…\S*42 +running +0\.\d .* \d+(\.\d)?[KM] /);
    expect(lines.join('\n')).toMatch(/2 stopped \(a\)/);
  });

  test('what ended lately is at the bottom, with its exit code, and why', async () => {
    const lines = await top().until((all) => all.some((line) => /greedy/.test(line)), 'greedy to be told of');
    expect(lines.join('\n')).toMatch(/ago {2}greedy +exited with 137, killed for want of memory/);
    expect(lines.join('\n')).toMatch(/ago {2}victim +exited with 137$/m);
  });

  test('a container that ends while one looks moves from the table to the bottom', async () => {
    await engine.run({ name: 'leaver', script: 'trap "exit 3" TERM; sleep 100000 & wait' });
    const terminal = top();
    try {
      await terminal.until((all) => lineOf(all, 'leaver'), 'leaver in the table');
      await engine.docker('stop', 'leaver');
      const lines = await terminal.until(
        (all) => lineOf(all, 'NAME') && !lineOf(all, 'leaver'),
        'leaver out of the table',
      );
      expect(lines.join('\n')).toMatch(/ago {2}leaver +exited with 3/);
    } finally {
      await engine.remove('leaver');
    }
  });

  test.each([
    [160, 50],
    [40, 10],
    [200, 20],
  ])('made %d by %d it is drawn anew at once', async (columns, rows) => {
    const terminal = top({ flags: '--every 1h' });
    await terminal.until((all) => lineOf(all, 'busy'), 'the table');
    // The next reading is an hour away: what draws is the change of size.
    terminal.resize(columns, rows);
    const lines = await terminal.until((all) => fits(all, { columns, rows }), `a screen of ${columns} by ${rows}`);
    expect(lineOf(lines, 'NAME')).toMatch(/CPU % .*MEM/);
    expect(lineOf(lines, 'busy')).toMatch(/ \d+(\.\d)?[KM]/);
  });

  test('against a collector hosts have a column, and its own words are in the head', async () => {
    // One that has just been removed is on the collector's page for one window more.
    const settled = (all: readonly string[]): boolean => hasHost(all) && all[0]?.includes(' 2 stopped') === true;
    const lines = await top({ url: program.collectorUrl, columns: 120 }).until(settled, 'the host');
    expect(lineOf(lines, 'NAME')).toMatch(/^NAME +HOST +STATE/);
    expect(lineOf(lines, 'busy')).toMatch(/^busy +host-1 +running/);
    expect(lines[0]).toMatch(/4 running, 2 stopped/);
  });

  const hasHost = (lines: readonly string[]): boolean => /^busy +host-1/.test(lineOf(lines, 'busy'));
});

describe('keys', () => {
  test('filter, group, a group opened, all, detail, help, and back', async () => {
    const terminal = top({ columns: 100, rows: 30 });
    await terminal.until(hasRates, 'the table');
    terminal.keys('/');
    terminal.type('web');
    terminal.keys('Enter');
    await terminal.until((all) => lineOf(all, 'web-1') && !lineOf(all, 'busy'), 'only what is called web');
    terminal.keys('Escape');
    await terminal.until((all) => lineOf(all, 'busy'), 'everything again');
    terminal.keys('g');
    const groups = await terminal.until((all) => lineOf(all, 'shop/web'), 'services');
    expect(lineOf(groups, 'shop/web')).toMatch(/^shop\/web +2 up/);
    terminal.keys('N', 'End', 'Enter');
    const inside = await terminal.until((all) => lineOf(all, 'web-2'), 'the service’s containers');
    expect([lineOf(inside, 'web-1').slice(0, 5), lineOf(inside, 'busy')]).toEqual(['web-1', '']);
    terminal.keys('Escape', 'g', 'g', 'a');
    const all = await terminal.until((lines) => lineOf(lines, 'victim'), 'what does not run');
    expect(lineOf(all, 'victim')).toMatch(/^victim +exited 137/);
    terminal.keys('Home', 'Enter');
    const detail = await terminal.until((lines) => lines.some((line) => line.startsWith('  cgroup')), 'the detail');
    expect(detail.join('\n')).toMatch(/image +plimsoll-test\/busybox/);
    terminal.keys('Escape', '?');
    await terminal.until((lines) => lines.includes('KEYS'), 'the help');
    terminal.keys('q');
    await terminal.until((lines) => lineOf(lines, 'NAME'), 'the table again');
  });

  test('one container in detail has its limit and what is used of it', async () => {
    const terminal = top({ columns: 100, rows: 30, flags: '--filter a-name' });
    await terminal.until((all) => lineOf(all, 'a-name'), 'the table');
    terminal.keys('Enter');
    const lines = await terminal.until(
      (all) => all.some((line) => line.includes(' of 64.0M [')),
      'memory of its limit',
    );
    expect(lines.join('\n')).toContain(LONG);
    expect(Number(await engine.field(LONG, '.HostConfig.Memory'))).toBe(64 * MIB);
  });
});

describe('the end', () => {
  /** As it was before, and the cursor is to be seen. */
  async function restored(terminal: Tmux, code: number): Promise<void> {
    const lines = await terminal.until((all) => all.some((line) => line.startsWith('ended with')), 'the end');
    // Between the two the shell says what signal it was.
    expect([lines[0], lineOf(lines, 'ended with')]).toEqual(['before the table', `ended with ${code}`]);
    expect([terminal.ask('alternate_on'), terminal.ask('cursor_flag'), terminal.ask('wrap_flag')]).toEqual([
      '0',
      '1',
      '1',
    ]);
  }

  test.each([
    ['q', 0],
    ['C-c', 130],
  ])('%s gives the terminal back as it was', async (key, code) => {
    const terminal = top();
    await terminal.until(hasRates, 'the table');
    expect(terminal.ask('alternate_on')).toBe('1');
    terminal.keys(key);
    await restored(terminal, code);
    terminal.type('typed');
    await terminal.until((all) => all.some((line) => line.endsWith('typed')), 'what is typed to be echoed');
  });

  test.each([
    ['TERM', 143],
    ['HUP', 129],
    ['INT', 130],
  ])('SIG%s too', async (signal, code) => {
    const terminal = top();
    await terminal.until(hasRates, 'the table');
    execFileSync('pkill', [`-${signal}`, '-P', terminal.ask('pane_pid'), '-x', 'node']);
    await restored(terminal, code);
  });

  test('and an error that nobody expected, which can be read', async () => {
    const terminal = top({ env: { NODE_OPTIONS: `--import=${FAILING}` } });
    const lines = await terminal.until((all) => all.some((line) => line.startsWith('ended with')), 'the end');
    expect(lines[0]).toBe('before the table');
    expect(lines.join('\n')).toContain('Error: nobody expected this');
    expect(lines.at(-1) || lines.filter(Boolean).at(-1)).toBe('ended with 1');
    expect([terminal.ask('alternate_on'), terminal.ask('cursor_flag')]).toEqual(['0', '1']);
  });

  /** Fails two seconds after the start. */
  const FAILING = `data:text/javascript,setTimeout(()=>{throw%20new%20Error('nobody%20expected%20this')},2000)`;
});

describe('no table', () => {
  test('nothing answers: what to do is on the screen, and once somebody does it the table comes', async () => {
    const port = await freePort();
    const terminal = top({ url: `http://127.0.0.1:${port}` });
    await terminal.until((all) => all.join(' ').includes('start an agent here: plimsoll agent'), 'the advice');
    const late = await startProgram({
      command: 'agent',
      config: { agent: { interval: '1s', listen: `127.0.0.1:${port}`, engines: [`unix://${engine.socket}`] } },
    });
    try {
      await terminal.until(hasRates, 'the table');
    } finally {
      await late.stop();
    }
    await terminal.until(
      (all) => all[2]?.startsWith('! cannot read') && lineOf(all, 'busy'),
      'the old numbers, and why there are no new ones',
    );
  });

  test('over a pipe a line for each container and reading; as JSON an object', async () => {
    const lines = await linesOf([], 11);
    expect(lines[0]).toMatch(/^TIME +HOST +NAME +STATE +CPU%/);
    const busy = lines.filter((line) => / busy +running /.test(line));
    expect(busy.length).toBeGreaterThanOrEqual(2);
    // Every line has as many words as the titles have.
    expect(new Set(lines.map((line) => line.split(/ +/).length))).toEqual(new Set([16]));
    const objects = (await linesOf(['--json'], 5)).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(objects.find(({ name }) => name === LONG)).toMatchObject({ state: 'running', memory_limit_bytes: 64 * MIB });
  });

  async function linesOf(flags: readonly string[], count: number): Promise<string[]> {
    const args = [MAIN, 'top', '--every', '500ms', '--url', program.agentUrl, ...flags]
      .map((arg) => `'${arg}'`)
      .join(' ');
    const shell = `'${process.execPath}' ${args} | head -n ${count}`;
    const text = await waitFor(async () => execFileSync('sh', ['-c', shell], { encoding: 'utf8', timeout: 60_000 }), {
      what: 'lines',
    });
    return text.trim().split('\n');
  }

  test('once: the whole table, with what has ended, and no colours', async () => {
    const { code, out } = await plimsoll([
      'top',
      '--once',
      '--all',
      '--every',
      '500ms',
      '--url',
      program.agentUrl,
      '--sort',
      'name',
    ]);
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'NAME',
      '(host)',
      LONG,
      'busy',
      'greedy',
      'victim',
      'web-1',
      'web-2',
      '',
    ]);
    expect(out).not.toContain('\u001b');
  });

  test('NO_COLOR: no colours, and still what is chosen can be seen', async () => {
    const coloured = top();
    await coloured.until(hasRates, 'the table');
    const colours = new RegExp(`${ESC}\\[[0-9;]*3[1-7]m`);
    await coloured.until(() => colours.test(coloured.screen('looks').join('\n')), 'colours');
    const plain = top({ env: { NO_COLOR: '1' } });
    await plain.until(hasRates, 'the table');
    const looks = plain.screen('looks').join('\n');
    expect(looks).not.toMatch(colours);
    expect(looks).toMatch(new RegExp(`${ESC}\\[(0;)?7m`));
  });
});
