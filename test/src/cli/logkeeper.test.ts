/** The log and the table share a terminal: while the table is on it, the log waits. */
import { expect, test } from 'vitest';
import { logKeeper } from '../../../src/cli/logkeeper.ts';
import { createLog } from '../../../src/logging.ts';

function terminal(isTTY: boolean) {
  const written: string[] = [];
  const out = { isTTY, write: (text: string) => written.push(text) > 0 } as unknown as NodeJS.WriteStream;
  return { out, text: () => written.join('') };
}

test('a log line does not run through the table: it is kept, its trouble is told, and it is written when the table is left', () => {
  const { out, text } = terminal(true);
  const keeper = logKeeper(out);
  const log = createLog({ level: 'info', format: 'auto', stream: keeper.stream });
  log.info({}, 'before');
  keeper.hold();
  log.warn({ sink: 'main' }, 'takes nothing');
  log.info({}, 'all is well');
  expect(text()).toMatch(/^\d\d:\d\d:\d\d info {2}before\n$/);
  expect(keeper.lastTrouble()).toEqual([expect.stringMatching(/^log: \S+ WARN {2}takes nothing sink=main$/)]);
  keeper.release();
  expect(
    text()
      .split('\n')
      .map((line) => line.slice(9)),
  ).toEqual(['info  before', 'WARN  takes nothing sink=main', 'info  all is well', '']);
  log.info({}, 'after');
  expect(text()).toContain('after');
});

test('what is kept is bounded, and what was left out is counted', () => {
  const { out, text } = terminal(true);
  const keeper = logKeeper(out);
  keeper.hold();
  for (let i = 0; i < 510; i++) keeper.stream.write(`line ${i}\n`);
  keeper.release();
  expect(text()).toMatch(/^… 10 lines of the log are not shown\nline 10\n/);
});

test('a log that goes to a file is written as ever', () => {
  const { out, text } = terminal(false);
  const keeper = logKeeper(out);
  keeper.hold();
  keeper.stream.write('a line\n');
  expect(text()).toBe('a line\n');
});
