/**
 * What newer engines answer otherwise than Docker 20.10: recorded of Docker 26.1.5 (API 1.45) and 28.5.2 (API 1.51) with containerd's image
 * store, cut down to what is read and what is null; and as the version history of the API says for 1.52, Docker 29.
 */
import { describe, expect, test } from 'vitest';
import { parseEvent, parseInspect, parseList } from '../../../agents/docker/engine/api.ts';

const ID = '763fcee2421aad5da7fa0b1bc82b80da7ae9ea3df717b85dd752e96289c89b3e';
const DIGEST = 'sha256:4ffb81d92a3b7fe96d3272bea1423df1db3cdb8d5ab2e51abf1347ac720dc3e7';
const LOG = `/var/lib/docker/containers/${ID}/${ID}-json.log`;

/** As Docker 26 with containerd's image store answers. */
const V26 = {
  Id: ID,
  Created: '2026-11-25T20:51:48.600000000Z',
  State: {
    Status: 'running',
    Running: true,
    OOMKilled: false,
    Pid: 12670,
    ExitCode: 0,
    StartedAt: '2026-11-25T20:51:48.657037513Z',
    FinishedAt: '0001-01-01T00:00:00Z',
    Health: { Status: 'starting', FailingStreak: 0, Log: [] },
  },
  Image: DIGEST,
  LogPath: LOG,
  Name: '/aa',
  RestartCount: 0,
  Driver: 'overlayfs',
  ExecIDs: null,
  GraphDriver: { Data: null, Name: 'overlayfs' },
  HostConfig: { NetworkMode: 'bridge', RestartPolicy: { Name: 'no' }, CgroupParent: '', Memory: 67108864, NanoCpus: 0 },
  Mounts: [{ Type: 'volume', Name: 'vol', Source: '/var/lib/docker/volumes/vol/_data', Destination: '/data' }],
  Config: { Hostname: '763fcee2421a', Env: ['PATH=/bin'], Image: 'plimsoll-test/busybox', Volumes: null, Labels: {} },
  NetworkSettings: { Bridge: '', SecondaryIPAddresses: null, IPAddress: '172.17.0.2', Networks: { bridge: {} } },
};
const V28 = { ...V26, ImageManifestDescriptor: { digest: DIGEST, size: 405 } };
/** The graph driver is left out for what is there instead; the addresses are the networks' alone. */
const { GraphDriver: _, ...rest } = V28;
const V29 = {
  ...rest,
  Storage: { RootFS: { Snapshot: { Name: 'overlayfs' } } },
  NetworkSettings: { Networks: { bridge: { IPAddress: '172.17.0.2' } } },
};

describe.each([
  ['26', V26, ''],
  ['28', V28, DIGEST],
  ['29', V29, DIGEST],
])('Docker %s with containerd’s image store', (_version, answer, digest) => {
  test('an inspection: the layer is not told, all else is', () => {
    expect(parseInspect(answer)).toMatchObject({
      id: ID,
      name: 'aa',
      image: 'plimsoll-test/busybox',
      imageId: DIGEST,
      imageDigest: digest,
      state: 'running',
      pid: 12670,
      startedMs: Date.UTC(2026, 10, 25, 20, 51, 48, 657),
      finishedMs: 0,
      restarts: 0,
      health: 'starting',
      limits: { memory: 64 * 1024 * 1024, cpuQuota: 0 },
      places: { upperDir: '', logPath: LOG, volumes: [{ name: 'vol', path: '/var/lib/docker/volumes/vol/_data' }] },
    });
  });
});

test('labels and variables that are null are none', () => {
  const Config = { ...V28.Config, Env: null, Labels: null };
  expect(parseInspect({ ...V28, Config, Mounts: null })).toMatchObject({ env: [], labels: new Map() });
  expect(parseList([{ Id: ID, Names: null, Labels: null, State: 'running', Created: 1 }])).toMatchObject([
    { id: ID, name: '', labels: new Map(), state: 'running' },
  ]);
});

test('events without the fields that API 1.52 leaves out are the same events', () => {
  const Attributes = { execDuration: '0', exitCode: '137', image: 'plimsoll-test/busybox', name: 'oom' };
  const die = {
    Type: 'container',
    Action: 'die',
    Actor: { ID, Attributes },
    time: 1795639893,
    timeNano: 1.7956398933e18,
  };
  const before = { status: 'die', id: ID, from: 'plimsoll-test/busybox', ...die };
  expect(parseEvent(die)).toEqual(parseEvent(before));
  expect(parseEvent(die)).toMatchObject({ id: ID, action: 'die' });
  expect(parseEvent(die)?.attributes.get('exitCode')).toBe('137');
  expect(parseEvent({ Type: 'network', Action: 'connect', Actor: { ID: 'n', Attributes: {} } })).toBeUndefined();
});
