/** The inventory over a runtime that the test plays, with a clock that the test moves: what is looked at when, and what is told of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createFilesInventory } from '../../../agents/kubernetes/inventory.ts';
import type { CriRecord } from '../../../agents/kubernetes/record.ts';
import type { Reading, Runtime } from '../../../agents/kubernetes/runtime.ts';
import { type Labels, labels, labelValue } from '../../../src/model/labels.ts';
import { fakeClock } from '../../support/clock.ts';
import { talkingLog } from '../../support/talkinglog.ts';
import { waitFor } from '../../support/wait.ts';

const LIMITS = { cpuQuota: 0, cpuPeriod: 0, cpuShares: 2, memory: 0, memoryAndSwap: 0, memoryReservation: 0 };
const web: CriRecord = {
  id: 'c1',
  type: 'container',
  namespace: 'shop',
  pod: 'web-0',
  uid: 'u1',
  container: 'web',
  image: 'web:1',
  imageId: '',
  name: 'c1',
  sandboxId: 's1',
  cgroupPath: '/kubepods/pod51d6a055-2df5-4ab8-b4b2-a4772b8288f4/c1',
  hostNetwork: false,
  hostname: '',
  limits: LIMITS,
  pid: 11,
  createdMs: 1000,
  startedMs: 2000,
  finishedMs: 0,
  exitCode: undefined,
  oomKilled: undefined,
  attempt: 0,
  labels: new Map(),
};
const pause: CriRecord = { ...web, id: 's1', type: 'sandbox', container: '', pid: 0 };

function stage(
  lendsProcesses = false,
  more: Partial<Runtime> = {},
  pods?: Parameters<typeof createFilesInventory>[0]['pods'],
) {
  const clock = fakeClock();
  const files = new Map<string, Reading>();
  const runtime: Runtime = {
    name: 'test',
    place: '/nowhere',
    lendsProcesses,
    watched: () => [],
    idOf: (name) => name,
    ids: () => [...files.keys()],
    read: (id) => files.get(id),
    ...more,
  };
  const log = talkingLog();
  const inventory = createFilesInventory({
    runtime,
    logs: '/nowhere',
    labelAllow: [],
    pods,
    locate: (pid) => ({
      unified: `/kubepods/pod51d6a055-2df5-4ab8-b4b2-a4772b8288f4/${pid === 11 ? 'c1' : 's1'}`,
      controllers: new Map(),
    }),
    clock,
    log,
  });
  const told: string[] = [];
  inventory.onChange((container, event) => told.push(`${event} ${container.id}`));
  return { clock, files, inventory, told };
}

test('files that are being written are looked at again after 2, 4, 8 … ms, and told of once they are whole', async () => {
  const { clock, files, inventory, told } = stage();
  files.set('c1', { record: { ...web, startedMs: 0 }, unready: true });
  await inventory.start();
  await clock.advance(5);
  expect(told).toEqual([]);
  files.set('c1', { record: web, unready: false });
  await clock.advance(4);
  expect(told).toEqual(['start c1']);
  expect(inventory.containers().get('c1')?.entity.startMs).toBe(2000);
  await inventory.close();
});

test('an end that no change told of is found by the full look, with its code', async () => {
  const { clock, files, inventory, told } = stage();
  files.set('c1', { record: web, unready: false });
  await inventory.start();
  files.set('c1', { record: { ...web, pid: 0, finishedMs: 9000, exitCode: 3, oomKilled: false }, unready: false });
  await clock.advance(30_000);
  expect(told).toEqual(['start c1', 'die c1']);
  expect(inventory.containers().get('c1')).toMatchObject({ state: 'exited', details: { exitCode: 3 } });
  files.delete('c1');
  await clock.advance(30_000);
  expect(inventory.containers().size).toBe(0);
  await inventory.close();
});

test('a sandbox without a process is seen through a container of its pod, and through another when that ends', async () => {
  const { clock, files, inventory } = stage(true);
  files.set('s1', { record: pause, unready: false });
  files.set('c1', { record: web, unready: false });
  files.set('c2', { record: { ...web, id: 'c2', name: 'c2', container: 'side', pid: 12 }, unready: false });
  await inventory.start();
  const sandbox = () => inventory.containers().get('s1');
  expect(sandbox()).toMatchObject({ pid: 11, state: 'running', ownNetwork: true, cgroup: undefined });
  files.set('c1', { record: { ...web, pid: 0, finishedMs: 9000, exitCode: 0 }, unready: false });
  await clock.advance(30_000);
  expect(sandbox()?.pid).toBe(12);
  await inventory.close();
});

test('what a sandbox borrows stays its own over a full look', async () => {
  const { clock, files, inventory, told } = stage(true);
  files.set('s1', { record: pause, unready: false });
  files.set('c1', { record: web, unready: false });
  await inventory.start();
  const before = told.length;
  await clock.advance(90_000);
  expect(inventory.containers().get('s1')).toMatchObject({ pid: 11, state: 'running' });
  // Three looks: nothing has begun or ended.
  expect(told.slice(before).filter((one) => !one.startsWith('update'))).toEqual([]);
  await inventory.close();
});

test('a container whose files go before its end was told lends its process no longer', async () => {
  const { clock, files, inventory } = stage(true);
  files.set('s1', { record: pause, unready: false });
  files.set('c1', { record: web, unready: false });
  files.set('c2', { record: { ...web, id: 'c2', name: 'c2', container: 'side', pid: 12 }, unready: false });
  await inventory.start();
  const sandbox = () => inventory.containers().get('s1');
  expect(sandbox()?.pid).toBe(11);
  files.delete('c1');
  await clock.advance(30_000);
  expect(sandbox()?.pid).toBe(12);
  files.delete('c2');
  await clock.advance(30_000);
  // Its number may be another process's by now.
  expect(sandbox()?.pid).toBe(0);
  await inventory.close();
});

test('hundreds of changes that are no container’s cost one look at all', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-watched-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { clock, files, inventory } = stage(false, { watched: () => [folder], idOf: () => undefined });
  files.set('c1', { record: web, unready: false });
  await inventory.start();
  expect(inventory.counts().inspects).toBe(1);
  for (let i = 0; i < 300; i++) writeFileSync(join(folder, `.tmp-containers.json${i}`), '');
  await waitFor(() => inventory.counts().events >= 300, { what: 'the kernel to tell of 300 files' });
  await clock.advance(100);
  expect(inventory.counts().inspects).toBe(2);
  await inventory.close();
});

test('pause is a sandbox, which groups do not count; the others are containers', async () => {
  const { files, inventory } = stage();
  files.set('s1', { record: { ...pause, pid: 10 }, unready: false });
  files.set('c1', { record: web, unready: false });
  await inventory.start();
  const kinds = [...inventory.containers().values()].map(({ id, entity }) => [id, entity.kind]);
  expect(kinds.sort()).toEqual([
    ['c1', 'container'],
    ['s1', 'sandbox'],
  ]);
  await inventory.close();
});

test('what the API server tells later makes other labels of the same container, and nothing begins anew', async () => {
  let workload = '';
  let memory = Number.NaN;
  let tell: (isMeant: (record: { uid: string }) => boolean) => void = () => undefined;
  const { files, inventory, told } = stage(
    false,
    {},
    {
      labelsOf: () => labels([['workload', workload]]),
      requestsOf: () => ({ cpu: 0.1, memory }),
      onChange: (listener) => {
        tell = listener;
      },
    },
  );
  files.set('c1', { record: web, unready: false });
  await inventory.start();
  const known = () => inventory.containers().get('c1');
  expect(labelValue(known()?.entity.labels as Labels, 'workload')).toBeUndefined();
  workload = 'web';
  memory = 1024;
  tell(({ uid }) => uid === 'another');
  expect(told).toEqual(['start c1']);
  tell(({ uid }) => uid === 'u1');
  expect(labelValue(known()?.entity.labels as Labels, 'workload')).toBe('web');
  expect(known()).toMatchObject({ entity: { key: 'c1', startMs: 2000 }, requests: { cpu: 0.1, memory: 1024 } });
  expect(told).toEqual(['start c1', 'update c1']);
  tell(() => true);
  expect(told, 'nothing new is no news').toEqual(['start c1', 'update c1']);
  await inventory.close();
});
