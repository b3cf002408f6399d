/** Which host names are answered: loopback's own while nothing guards the server, and the listed ones. */
import { expect, test } from 'vitest';
import { isAnswered } from '../../../src/http/names.ts';

const open = { open: true, allowed: [] };

test.each([
  'localhost',
  'localhost:9640',
  'LocalHost:9640',
  'localhost.',
  '127.0.0.1',
  '127.0.0.1:9640',
  '127.3.2.1:80',
  '[::1]',
  '[::1]:9640',
])('%s is answered without a token', (host) => {
  expect(isAnswered(host, open)).toBe(true);
});

test.each([
  'evil.example',
  'evil.example:9640',
  '127.0.0.1.evil.example',
  'localhost.evil.example',
  'evil-localhost',
  '10.0.0.1:9640',
  '[::2]:9640',
  '[::ffff:10.0.0.1]',
  'localhost:9640:1',
  'localhost@evil.example',
  '',
])('"%s" is not', (host) => {
  expect(isAnswered(host, open)).toBe(false);
});

test('with a token any name is, unless names are listed', () => {
  expect(isAnswered('metrics.example:9640', { open: false, allowed: [] })).toBe(true);
  const listed = { open: false, allowed: ['Metrics.example'] };
  expect(isAnswered('metrics.example:9640', listed)).toBe(true);
  expect(isAnswered('127.0.0.1:9640', listed)).toBe(true);
  expect(isAnswered('other.example', listed)).toBe(false);
});

test('a listed name is answered without a token too', () => {
  expect(isAnswered('monitor.test', { open: true, allowed: ['monitor.test'] })).toBe(true);
});

test('HTTP/1.0 may come without a name: no browser does', () => {
  expect(isAnswered(undefined, open)).toBe(true);
});
