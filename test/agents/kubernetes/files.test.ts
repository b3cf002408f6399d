/** What runtimes' files tell. The texts are those that containerd 1.6, 1.7 and 2.1 and CRI-O write; numbers and paths by hand. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attemptOf } from '../../../agents/kubernetes/attempts.ts';
import { parseLife } from '../../../agents/kubernetes/containerd.ts';
import { containerdFiles } from '../../../agents/kubernetes/containerdfiles.ts';
import { parseCrioState } from '../../../agents/kubernetes/crio.ts';
import { crioFiles } from '../../../agents/kubernetes/criofiles.ts';
import { runtimesOf } from '../../../agents/kubernetes/folders.ts';
import { podPathOf } from '../../../agents/kubernetes/podpath.ts';
import { parseSpec } from '../../../agents/kubernetes/spec.ts';

const ID = 'a'.repeat(64);
const SANDBOX = 'b'.repeat(64);
const UID = '51d6a055-2df5-4ab8-b4b2-a4772b8288f4';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'plimsoll-test-files-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function write(path: string, content: unknown): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), typeof content === 'string' ? content : JSON.stringify(content));
}

describe('the pod in a path', () => {
  test.each([
    [`/kubepods/burstable/pod${UID}/${ID}`, 'burstable', `/kubepods/burstable/pod${UID}`],
    [`/kubepods/pod${UID}/${ID}`, 'guaranteed', `/kubepods/pod${UID}`],
    [`/kubelet/kubepods/besteffort/pod${UID}`, 'besteffort', `/kubelet/kubepods/besteffort/pod${UID}`],
    [
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UID.replaceAll('-', '_')}.slice/cri-containerd-${ID}.scope`,
      'burstable',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UID.replaceAll('-', '_')}.slice`,
    ],
    [
      `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${UID.replaceAll('-', '_')}.slice/crio-${ID}.scope`,
      'guaranteed',
      `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${UID.replaceAll('-', '_')}.slice`,
    ],
  ])('%s', (path, qos, pod) => {
    expect(podPathOf(path)).toEqual({ uid: UID, path: pod, qos });
  });

  test('a static pod’s uid is the hash of its configuration; other cgroups are of no pod', () => {
    expect(podPathOf('/kubepods/besteffort/pod594d821397a47389a447165c48a140d6/x')?.uid).toBe(
      '594d821397a47389a447165c48a140d6',
    );
    for (const path of ['/', '/kubepods', '/kubepods/burstable', '/docker/x', '/system.slice/pod.service'])
      expect(podPathOf(path)).toBeUndefined();
  });
});

describe('a bundle', () => {
  const config = {
    hostname: 'web-0',
    process: { env: ['PASSWORD=hunter2'], args: ['serve', '--token=hunter2'] },
    annotations: { 'io.kubernetes.cri.container-name': 'web' },
    linux: {
      cgroupsPath: 'kubepods-burstable-pod1_2.slice:cri-containerd:abc',
      namespaces: [{ type: 'pid' }, { type: 'network', path: '/run/netns/x' }],
      resources: { cpu: { shares: 256, quota: -1, period: 100000 }, memory: { limit: 33554432, swap: 33554432 } },
    },
  };

  test('says who it is and what it may use, and nothing of its environment or arguments', () => {
    const bytes = Buffer.from(JSON.stringify(config));
    const spec = parseSpec(bytes);
    expect(spec?.cgroupPath).toBe(
      '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-abc.scope',
    );
    expect(spec?.hostNetwork).toBe(false);
    expect(spec?.limits).toEqual({
      cpuQuota: 0,
      cpuPeriod: 100000,
      cpuShares: 256,
      memory: 33554432,
      memoryAndSwap: 33554432,
      memoryReservation: 0,
    });
    expect(JSON.stringify(spec)).not.toContain('hunter2');
    expect(
      bytes.every((byte) => byte === 0),
      'the bytes are wiped',
    ).toBe(true);
  });

  test('that is not whole yet says nothing, and is wiped all the same', () => {
    const bytes = Buffer.from(JSON.stringify(config).slice(0, 90));
    expect(parseSpec(bytes)).toBeUndefined();
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  test('without a namespace for the network shares the host’s', () => {
    const linux = { ...config.linux, namespaces: [{ type: 'pid' }] };
    expect(parseSpec(Buffer.from(JSON.stringify({ ...config, linux })))?.hostNetwork).toBe(true);
  });
});

describe('containerd’s status', () => {
  test('of one that was killed for want of memory', () => {
    const text =
      '{"Version":"v1","Pid":0,"CreatedAt":1795764456028014944,"StartedAt":1795764456148937919,"FinishedAt":1795764460000000000,"ExitCode":137,"Reason":"OOMKilled"}';
    expect(parseLife(text)).toEqual({
      pid: 0,
      createdMs: 1795764456028,
      startedMs: 1795764456148,
      finishedMs: 1795764460000,
      exitCode: 137,
      oomKilled: true,
    });
  });

  test('of one that runs has no exit code; half a file, or another, says nothing', () => {
    const text = '{"Version":"v1","Pid":7,"CreatedAt":1000000000,"StartedAt":2000000000,"FinishedAt":0,"ExitCode":0}';
    expect(parseLife(text)).toMatchObject({ pid: 7, startedMs: 2000, finishedMs: 0, exitCode: undefined });
    expect(parseLife(text.slice(0, 30))).toBeUndefined();
    expect(parseLife('[]')).toBeUndefined();
  });
});

describe('containerd’s folders', () => {
  const bundle = `state/io.containerd.runtime.v2.task/k8s.io/${ID}`;
  const status = `root/io.containerd.grpc.v1.cri/containers/${ID}/status`;
  const files = () => containerdFiles({ state: join(dir, 'state'), root: join(dir, 'root') });

  beforeEach(() => {
    write(`${bundle}/config.json`, {
      annotations: {
        'io.kubernetes.cri.container-type': 'container',
        'io.kubernetes.cri.container-name': 'web',
        'io.kubernetes.cri.image-name': 'registry.example/web:1',
        'io.kubernetes.cri.sandbox-id': SANDBOX,
        'io.kubernetes.cri.sandbox-name': 'web-0',
        'io.kubernetes.cri.sandbox-namespace': 'shop',
      },
      linux: { cgroupsPath: `/kubepods/burstable/pod${UID}/${ID}` },
    });
    write(`${bundle}/init.pid`, '4711');
    write('state/io.containerd.runtime.v2.task/moby/x/config.json', '{}');
    write(status, '{"Version":"v1","Pid":4711,"CreatedAt":1000000000,"StartedAt":2000000000,"FinishedAt":0}');
  });

  test('who it is; the uid of containerd 1.6.0 is in the path', () => {
    expect([...files().ids()]).toEqual([ID]);
    expect(files().read(ID, undefined)).toMatchObject({
      unready: false,
      record: { namespace: 'shop', pod: 'web-0', uid: UID, container: 'web', pid: 4711, startedMs: 2000 },
    });
  });

  test('the bundle goes with the process, and the note of the end comes after it', () => {
    const known = files().read(ID, undefined)?.record;
    rmSync(join(dir, bundle), { recursive: true });
    expect(files().read(ID, known)).toMatchObject({ unready: true, record: { pid: 0 } });
    write(status, '{"CreatedAt":1000000000,"StartedAt":2000000000,"FinishedAt":3000000000,"ExitCode":3}');
    expect(files().read(ID, known)).toMatchObject({ unready: false, record: { container: 'web', exitCode: 3 } });
    rmSync(dirname(join(dir, status)), { recursive: true });
    expect(files().read(ID, known)).toBeUndefined();
  });
});

describe('CRI-O’s folders', () => {
  const userdata = (id: string) => `run/${id}/userdata`;
  const files = () => crioFiles({ containers: [join(dir, 'run')], exits: join(dir, 'exits') });
  const labels = JSON.stringify({
    'io.kubernetes.pod.name': 'web-0',
    'io.kubernetes.pod.namespace': 'shop',
    'io.kubernetes.pod.uid': UID,
    'io.kubernetes.container.name': 'web',
  });

  test('names are JSON inside of annotations, the state is a file beside them', () => {
    write(`${userdata(ID)}/config.json`, {
      annotations: {
        'io.kubernetes.cri-o.ContainerType': 'container',
        'io.kubernetes.cri-o.Labels': labels,
        'io.kubernetes.cri-o.Metadata': '{"name":"web","attempt":2}',
        'io.kubernetes.cri-o.ImageName': 'registry.example/web:1',
        'io.kubernetes.cri-o.Name': `k8s_web_web-0_shop_${UID}_2`,
        'io.kubernetes.cri-o.SandboxID': SANDBOX,
      },
      linux: { cgroupsPath: `kubepods-pod1.slice:crio:${ID}` },
    });
    write(`${userdata(ID)}/state.json`, {
      status: 'running',
      pid: 4711,
      created: '2026-11-27T07:00:00Z',
      started: '2026-11-27T07:00:01.5Z',
    });
    expect(files().read(ID, undefined)).toMatchObject({
      unready: false,
      record: {
        container: 'web',
        pod: 'web-0',
        namespace: 'shop',
        attempt: 2,
        pid: 4711,
        startedMs: Date.UTC(2026, 10, 27, 7, 0, 1, 500),
        name: `k8s_web_web-0_shop_${UID}_2`,
      },
    });
  });

  test('a sandbox needs no process; what Podman keeps beside it is not ours', () => {
    write(`${userdata(SANDBOX)}/config.json`, {
      annotations: {
        'io.kubernetes.cri-o.ContainerType': 'sandbox',
        'io.kubernetes.cri-o.Labels': labels,
        'io.kubernetes.cri-o.Created': '2026-11-27T07:00:00Z',
      },
      linux: {},
    });
    write(`${userdata(ID)}/config.json`, { annotations: {}, linux: {} });
    const sandbox = files().read(SANDBOX, undefined);
    expect(sandbox).toMatchObject({ unready: false, record: { type: 'sandbox', container: '', pid: 0 } });
    expect(sandbox?.record.startedMs).toBe(Date.UTC(2026, 10, 27, 7));
    expect(files().read(ID, undefined)).toBeUndefined();
  });

  test('the exit code is in the state, or in a file of its own', () => {
    const state = { status: 'stopped', finished: '2026-11-27T07:00:00Z', exitCode: 3, oomKilled: true };
    expect(parseCrioState(JSON.stringify(state))).toMatchObject({ exitCode: 3, oomKilled: true, pid: 0 });
    expect(parseCrioState('{"status":"running","pid":7}', '137\n')).toMatchObject({ exitCode: 137, pid: 0 });
    expect(parseCrioState('{"status":"running","pid":7}')).toMatchObject({ exitCode: undefined, pid: 7 });
    expect(parseCrioState('{"sta')).toBeUndefined();
  });
});

test('of two attempts the older has the smaller number, by the newest log’s name', () => {
  const of = (id: string, createdMs: number) =>
    ({
      id,
      createdMs,
      type: 'container',
      namespace: 'n',
      pod: 'p',
      uid: 'u',
      container: 'c',
      attempt: undefined,
    }) as never;
  for (const name of ['4.log', '3.log.20261127-070000.gz', 'x.log']) write(`logs/n_p_u/c/${name}`, '');
  const all = [of('old', 1000), of('new', 2000)];
  expect(attemptOf(join(dir, 'logs'), of('old', 1000), all)).toBe(3);
  expect(attemptOf(join(dir, 'logs'), of('new', 2000), all)).toBe(4);
  expect(attemptOf(join(dir, 'nothing'), of('new', 2000), all)).toBeUndefined();
});

describe('which runtimes are here', () => {
  const places = (...runtimes: string[]) => runtimesOf({ runtimes, rootfs: dir }).map(({ name }) => name);

  test('those in the usual places that have containers; Docker’s containerd has none of its own', () => {
    expect(places('auto')).toEqual([]);
    write('run/containerd/io.containerd.runtime.v2.task/moby/x/config.json', '{}');
    expect(places('auto')).toEqual([]);
    write('run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/x/config.json', '{}');
    write('run/crio/version', '1');
    expect(places('auto')).toEqual(['containerd', 'CRI-O']);
    expect(places('none')).toEqual([]);
    expect(places('containerd:/run/k3s/containerd:/var/lib/k3s')).toEqual(['containerd']);
  });

  test('a place that is none is refused with what is legal', () => {
    expect(() => places('containerd:/run/containerd')).toThrow(
      'agent.runtimes: "containerd:/run/containerd" is no container runtime\'s place; use auto, none, containerd:STATE_FOLDER:ROOT_FOLDER or cri-o:FOLDER',
    );
  });
});
