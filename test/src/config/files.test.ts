/** Files that a configuration is, or names: of a sensible size, regular, in UTF-8; whatever they are, an answer comes, and soon. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { looseFiles } from '../../../src/config/loose.ts';
import { pem, secret } from '../../../src/config/secure.ts';
import { parseYaml } from '../../../src/config/yaml.ts';
import { ConfigError } from '../../../src/errors.ts';

const dir = mkdtempSync(join(tmpdir(), 'plimsoll-files-'));
afterAll(() => rmSync(dir, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

function fifo(): string {
  const path = join(dir, 'fifo');
  rmSync(path, { force: true });
  execFileSync('mkfifo', [path]);
  return path;
}

const load = (path: string) => loadConfig({ file: path, env: {}, flags: new Map() });

/** The message of the ConfigError. */
function refusal(run: () => unknown, maxLength = 1000): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const { message } = error as Error;
    expect(message.length).toBeLessThan(maxLength);
    return message;
  }
  throw new Error('was not refused');
}

describe('a configuration file', () => {
  test.each([
    ['/dev/zero', () => '/dev/zero', 'it is a device; must be a regular file'],
    ['a FIFO that nobody writes to', fifo, 'it is a FIFO; must be a regular file'],
    ['a folder', () => dir, 'it is a folder; must be a regular file'],
    ['more than a megabyte', () => file('large', `#${'x'.repeat(1_000_000)}`), 'it has more than 1000000 bytes'],
    ['Latin-1', () => file('latin1', Buffer.from('node: k\xf6ln', 'latin1')), 'it is not text in UTF-8'],
    [
      'a truncated character',
      () => file('cut', Buffer.from([0x61, 0x3a, 0x20, 0xe2, 0x82])),
      'it is not text in UTF-8',
    ],
    ['UTF-16', () => file('utf16', Buffer.from('\ufeffnode: a', 'utf16le')), 'it is not text in UTF-8'],
  ])('that is %s is refused in words', (_what, make, words) => {
    expect(refusal(() => load(make()))).toContain(words);
  });

  test('in UTF-8 with a mark at its beginning is read', () => {
    expect(load(file('bom', '\ufeffnode: köln')).node).toBe('köln');
  });

  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x]',
    ...'bcdefgh'.split('').map((c, i) => `${c}: &${c} [${`*${'abcdefg'[i]},`.repeat(8)}]`),
  ];
  test.each([
    ['an anchor bomb', bomb.join('\n'), 'anchors and aliases'],
    ['an alias of nothing', 'node: *web', 'anchors and aliases'],
    ['100 000 open brackets', '['.repeat(100_000), 'brackets in brackets, more than 100 deep'],
    ['5 000 closed ones', `a: ${'['.repeat(5000)}${']'.repeat(5000)}`, 'brackets in brackets, more than 100 deep'],
    ['20 000 lists in lists', '- '.repeat(20_000), 'indented by more than 400'],
    [
      '20 000 anchors',
      Array.from({ length: 20_000 }, (_, i) => `k${i}: &a${i} 1`).join('\n'),
      'more than 1000 anchors',
    ],
    [
      'the same key twice',
      'agent: {interval: 1s}\nagent: {interval: 2s}',
      'same key twice, the second at line 2, column 1',
    ],
    ['a tab', 'agent:\n\tinterval: 1s', 'line 2, column 1: a tab cannot indent; use spaces'],
    ['a missing space', 'token:abc', 'a space belongs after the colon'],
  ])('with %s is refused in words', (_what, text, words) => {
    expect(refusal(() => parseYaml(text, 'f.yaml'))).toContain(words);
  });

  test('with 60 000 keys that nobody knows is refused, and the first 30 are named', () => {
    const keys = Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`).join('\n');
    const lines = refusal(() => load(file('keys', keys)), 10_000).split('\n');
    // One line above, thirty keys, and how many more there are.
    expect(lines.length).toBe(32);
    expect(lines[1]).toMatch(/^ {2}k0: no such key/);
    expect(lines[31]).toBe('  and 59970 more');
  });
});

describe('a file with a secret', () => {
  test.each([
    ['/dev/zero', () => '/dev/zero', 'it is a device'],
    ['a FIFO', fifo, 'it is a FIFO'],
    ['a folder', () => dir, 'it is a folder'],
    ['too large', () => file('large', 'x'.repeat(1_000_001)), 'it has more than 1000000 bytes'],
  ])('that is %s is refused', (_what, make, words) => {
    const path = make();
    expect(refusal(() => secret('token', undefined, path))).toMatch(new RegExp(`^token_file: is ".*": ${words}`));
    expect(refusal(() => pem('tls.key', path))).toMatch(new RegExp(`^tls\\.key: is ".*": ${words}`));
  });

  test('may be a link, as Kubernetes mounts its secrets: token -> ..data/token, ..data -> ..2026', () => {
    execFileSync('mkdir', ['-p', join(dir, '..2026')]);
    file('..2026/token', 'abc\n');
    symlinkSync('..2026', join(dir, '..data'));
    symlinkSync('..data/token', join(dir, 'token'));
    expect(secret('token', undefined, join(dir, 'token'))).toBe('abc');
  });

  test('that everybody may write to, or read, is said; a certificate may be read', () => {
    const paths = { token_file: file('t', 'abc'), tls: { cert: file('c', ''), key: file('k', '') } };
    chmodSync(paths.token_file, 0o666);
    chmodSync(paths.tls.cert, 0o644);
    chmodSync(paths.tls.key, 0o644);
    expect(looseFiles(paths)).toEqual([
      expect.stringMatching(/^token_file: everybody on this machine may write to ".*\/t": chmod 600 it/),
      expect.stringMatching(/^tls\.key: everybody on this machine may read ".*\/k": chmod 600 it/),
    ]);
    expect(looseFiles(paths, { readable: false }).length).toBe(1);
    for (const path of [paths.token_file, paths.tls.cert, paths.tls.key]) chmodSync(path, 0o600);
    expect(looseFiles(paths)).toEqual([]);
  });
});
