/** Foreign answers of any shape: nothing crashes, and what is not there is absent. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { parseEvent, parseInfo, parseInspect, parseList, parseVersion } from '../../../../agents/docker/engine/api.ts';
import { lineReader } from '../../../../agents/docker/engine/lines.ts';

describe('answers', () => {
  property.prop([fc.jsonValue()])('any JSON is survived', (value) => {
    for (const parse of [parseVersion, parseInfo, parseList, parseInspect, parseEvent])
      expect(() => parse(value)).not.toThrow();
  });

  const wrong = {
    Id: 'a',
    Name: 7,
    State: { Status: 1, Pid: 'x', StartedAt: {} },
    Config: [],
    HostConfig: null,
    RestartCount: '3',
  };

  test('fields of a wrong type are absent', () => {
    expect(parseInspect(wrong)).toMatchObject({
      id: 'a',
      name: '',
      state: 'created',
      pid: 0,
      startedMs: 0,
      cpuShares: 0,
    });
    expect(parseInspect(wrong)?.restarts).toBeUndefined();
    expect(parseInspect({ ...wrong, Id: '' })).toBeUndefined();
  });

  test.each([
    ['exited', { Status: 'exited', Pid: 0 }],
    ['exited', { Status: 'stopped', Pid: 0 }],
    ['restarting', { Status: 'restarting', Running: true, Restarting: true, Pid: 0 }],
    ['paused', { Running: true, Paused: true }],
    ['dead', { Dead: true }],
    ['exited', { StartedAt: '2026-01-01T00:00:00Z' }],
    ['created', { StartedAt: '0001-01-01T00:00:00Z' }],
  ])('%s: %j', (state, State) => {
    expect(parseInspect({ Id: 'a', State })?.state).toBe(state);
  });

  test('a nanosecond time is kept to the millisecond, with its offset', () => {
    const at = (StartedAt: string) => parseInspect({ Id: 'a', State: { StartedAt } })?.startedMs;
    expect(at('2026-11-23T01:56:45.194998645Z')).toBe(Date.UTC(2026, 10, 23, 1, 56, 45, 194));
    expect(at('2026-11-23T02:56:45.194998645+01:00')).toBe(Date.UTC(2026, 10, 23, 1, 56, 45, 194));
    expect(at('soon')).toBe(0);
  });

  test('podman is recognised by its components', () => {
    const Components = [{ Name: 'Podman Engine', Version: '4.3.1' }];
    expect(parseVersion({ ApiVersion: '1.41', Version: '4.3.1', Components })).toMatchObject({ podman: true });
    expect(parseVersion({ ApiVersion: '1.41' })).toMatchObject({ podman: false });
    expect(parseVersion('<html>')).toBeUndefined();
  });
});

describe('lines', () => {
  property.prop([fc.array(fc.string({ unit: 'grapheme' })), fc.infiniteStream(fc.integer({ min: 1, max: 7 }))])(
    'come out whole, however the bytes were cut',
    (texts, sizes) => {
      const lines = texts.map((t) => t.replace(/\s/g, ' ').trim()).filter(Boolean);
      const bytes = Buffer.from(lines.map((l) => `${l}\n`).join(''));
      const reader = lineReader();
      const out: string[] = [];
      for (let at = 0; at < bytes.length; ) {
        const size = sizes.next().value as number;
        out.push(...reader.push(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(out).toEqual(lines.map((l) => l.toWellFormed()));
    },
  );

  test('too long ones are thrown away as a whole, and counted', () => {
    const reader = lineReader(10);
    expect(reader.push(Buffer.from('short\n0123456'))).toEqual(['short']);
    expect(reader.push(Buffer.from('789abc'))).toEqual([]);
    expect(reader.push(Buffer.from('tail\nnext\n'))).toEqual(['next']);
    expect(reader.tooLong).toBe(1);
  });
});
