/** SECURITY.md says what the limits are: each key is one, and the default beside it is the program's. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configLeaves } from '../src/config/leaves.ts';

const text = readFileSync(new URL('../SECURITY.md', import.meta.url), 'utf8');
const leaves = new Map(configLeaves().map(({ path, fallback }) => [path, fallback]));

test('every key that it names exists', () => {
  const keys = [...text.matchAll(/`((?:collector|agent|receive)\.[a-z_.]+)`/g)].map((match) => match[1] as string);
  expect(keys.length).toBeGreaterThan(10);
  expect(keys.filter((key) => !leaves.has(key))).toEqual([]);
});

test('every limit of the collector and its receivers is in it, with its default', () => {
  const limits = [...leaves].filter(([path]) => /^(collector|receive)\.max_(?!ahead)/.test(path));
  expect(limits.length).toBeGreaterThan(7);
  for (const [path, fallback] of limits) {
    const line = text.split('\n').find((row) => row.startsWith('|') && row.includes(`\`${path}\``)) ?? '';
    expect(line.replaceAll(/(?<=\d) (?=\d|MB|KiB)/g, ''), path).toContain(String(fallback));
  }
});
