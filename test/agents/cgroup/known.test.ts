/** What one cgroup of a v1 controller has not got, none has; and what was not certain is asked again. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KnownFiles } from '../../../agents/cgroup/known.ts';
import { Place } from '../../../agents/cgroup/place.ts';

let root: string;
const dir = (name: string): string => join(root, name);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-known-'));
  for (const name of ['a', 'b']) {
    mkdirSync(dir(name));
    writeFileSync(join(dir(name), 'blkio.throttle.io_serviced'), 'Total 0\n');
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a file that the first cgroup has not got is looked for in no other', () => {
  const known = new KnownFiles();
  const place = (name: string) =>
    new Place({ unified: undefined, controllers: new Map([['blkio', dir(name)]]) }, { known });
  expect(place('a').file('blkio', 'blkio.bfq.io_serviced')).toBeUndefined();
  expect(place('a').file('blkio', 'blkio.throttle.io_serviced')?.read()?.toString()).toBe('Total 0\n');
  // A module that is loaded later gives it to all of them.
  writeFileSync(join(dir('b'), 'blkio.bfq.io_serviced'), '8:0 Read 1\n');
  expect(place('b').file('blkio', 'blkio.bfq.io_serviced')).toBeUndefined();
  known.forget();
  expect(place('b').file('blkio', 'blkio.bfq.io_serviced')?.read()?.toString()).toBe('8:0 Read 1\n');
});

test('nothing is learnt from a cgroup that has just gone, nor from another controller', () => {
  const known = new KnownFiles();
  expect(known.has('blkio', dir('gone'), 'blkio.bfq.io_serviced')).toBe(true);
  expect(known.has('blkio', dir('a'), 'blkio.bfq.io_serviced')).toBe(false);
  writeFileSync(join(dir('a'), 'memory.stat'), '');
  expect(known.has('memory', dir('a'), 'memory.stat')).toBe(true);
});

test('on v2 each cgroup is asked itself: a controller may be off in one and on in another', () => {
  const known = new KnownFiles();
  const place = new Place({ unified: dir('a'), controllers: new Map() }, { known });
  const file = place.file('', 'memory.current');
  expect(file?.read()).toBeUndefined();
  writeFileSync(join(dir('a'), 'memory.current'), '4096\n');
  place.begin(true);
  expect(file?.read()?.toString()).toBe('4096\n');
});
