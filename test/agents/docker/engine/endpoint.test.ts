/** Where engines are: texts as people write them, sockets as they lie about, and hosts that are not who they say. */
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { localEndpoints, parseEndpoint } from '../../../../agents/docker/engine/endpoint.ts';
import { address } from '../../../../agents/docker/engine/failure.ts';
import { knownHost } from '../../../../agents/docker/ssh/knownhosts.ts';
import { ConfigError } from '../../../../src/errors.ts';

const setting = 'DOCKER_HOST';
const ssh = { knownHosts: () => '' };

test.each([
  ['unix:///var/run/docker.sock', { socketPath: '/var/run/docker.sock' }],
  ['/run/podman/podman.sock', { socketPath: '/run/podman/podman.sock' }],
  ['tcp://10.0.0.5', { host: '10.0.0.5', port: 2375, protocol: 'http' }],
  ['tcp://10.0.0.5:1234', { host: '10.0.0.5', port: 1234, protocol: 'http' }],
  ['tcp://[fd00::5]:1234', { host: 'fd00::5', port: 1234, protocol: 'http' }],
  ['docker.lan:1234', { host: 'docker.lan', port: 1234, protocol: 'http' }],
  ['tcp://docker.lan:2376', { host: 'docker.lan', port: 2376, protocol: 'https' }],
  ['https://docker.lan', { host: 'docker.lan', port: 2376, protocol: 'https' }],
  [
    'tcp://me:p%40ss@proxy:1234',
    { host: 'proxy', port: 1234, protocol: 'http', login: { username: 'me', password: 'p@ss' } },
  ],
  ['ssh://me@box', { host: 'box', port: 22, protocol: 'ssh', username: 'me', ssh }],
  ['ssh://box:2222', { host: 'box', port: 2222, protocol: 'ssh', ssh }],
])('%s', (text, endpoint) => {
  expect(parseEndpoint(text, { setting, ssh })).toEqual(endpoint);
});

test('certificates, or the wish to verify, make tcp TLS', () => {
  const tls = { ca: 'A', cert: 'C', key: 'K' };
  expect(parseEndpoint('tcp://h:1', { setting, tls })).toEqual({ host: 'h', port: 1, protocol: 'https', ...tls });
  expect(parseEndpoint('tcp://h', { setting, tls: { verify: true } })).toEqual({
    host: 'h',
    port: 2376,
    protocol: 'https',
  });
});

test.each([
  ['unix://docker.sock', 'absolute path'],
  ['npipe:////./pipe/docker_engine', 'unknown scheme npipe://'],
  ['tcp://', 'names no host'],
  ['tcp://h:99999', 'not an address'],
  ['tcp://h/v1.41', 'path after the host'],
  ['ssh://me:secret@h', 'password'],
  ['', 'names no host'],
  ['docker', 'is a word, not an address'],
  ['docker.lan', 'is a word, not an address'],
])('"%s" is refused: %s', (text, why) => {
  const parse = () => parseEndpoint(text, { setting, ssh });
  expect(parse).toThrow(ConfigError);
  expect(parse).toThrow(why);
  expect(parse).toThrow('DOCKER_HOST');
  expect(parse).toThrow('legal are unix://');
});

test('ssh without known hosts is refused', () => {
  expect(() => parseEndpoint('ssh://h', { setting })).toThrow('known hosts');
});

describe('sockets of this machine', () => {
  function found(sockets: Record<string, string>, env: Record<string, string> = {}, users: string[] = []): string[] {
    const resolve = (path: string): string | undefined => sockets[path];
    return localEndpoints({ env, resolve, list: () => users }).map(address);
  }

  test("all of them, the system's first, links once", () => {
    const sockets = {
      '/var/run/docker.sock': '/run/docker.sock',
      '/run/podman/podman.sock': '/run/podman/podman.sock',
      '/run/user/1000/docker.sock': '/run/user/1000/docker.sock',
      '/run/user/1001/podman/podman.sock': '/run/user/1001/podman/podman.sock',
    };
    expect(found(sockets, { XDG_RUNTIME_DIR: '/run/user/1001' }, ['1000', '1001'])).toEqual([
      'unix:///var/run/docker.sock',
      'unix:///run/podman/podman.sock',
      'unix:///run/user/1001/podman/podman.sock',
      'unix:///run/user/1000/docker.sock',
    ]);
    // podman-docker links Docker's socket to its own.
    const linked = {
      '/var/run/docker.sock': '/run/podman/podman.sock',
      '/run/podman/podman.sock': '/run/podman/podman.sock',
    };
    expect(found(linked)).toEqual(['unix:///var/run/docker.sock']);
  });

  test("none: Docker's usual place, where it may still come", () => {
    expect(found({})).toEqual(['unix:///var/run/docker.sock']);
  });
});

describe('known hosts', () => {
  const key = Buffer.from('the key');
  const b64 = key.toString('base64');
  const hashed = (host: string) => {
    const salt = Buffer.from('0123456789abcdef0123');
    return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(host).digest('base64')}`;
  };

  test.each([
    ['by name', `box ssh-ed25519 ${b64} comment`, 22, 'known'],
    ['among others', `other,box ssh-ed25519 ${b64}`, 22, 'known'],
    ['hashed', `${hashed('box')} ssh-ed25519 ${b64}`, 22, 'known'],
    ['on another port', `box ssh-ed25519 ${b64}`, 2222, 'unknown'],
    ['on this port', `[box]:2222 ssh-ed25519 ${b64}`, 2222, 'known'],
    ['hashed, on this port', `${hashed('[box]:2222')} ssh-ed25519 ${b64}`, 2222, 'known'],
    ['another key', `box ssh-ed25519 ${Buffer.from('no').toString('base64')}`, 22, 'changed'],
    ['another host', `other ssh-ed25519 ${b64}`, 22, 'unknown'],
    ['revoked', `box ssh-ed25519 ${b64}\n@revoked box ssh-ed25519 ${b64}`, 22, 'revoked'],
    ['a certificate authority', `@cert-authority box ssh-ed25519 ${b64}`, 22, 'unknown'],
    ['a comment', `#box ssh-ed25519 ${b64}`, 22, 'unknown'],
    ['nothing', '', 22, 'unknown'],
  ])('%s', (_, text, port, verdict) => {
    expect(knownHost(text, 'box', port).judge(key)).toBe(verdict);
  });

  test('the types of the known keys', () => {
    const text = `box ssh-rsa ${b64}\nother ssh-ed25519 AAAA\n@revoked box ecdsa-sha2-nistp256 BBBB`;
    expect([...knownHost(text, 'box', 22).types]).toEqual(['ssh-rsa']);
  });
});
