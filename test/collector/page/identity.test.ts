/** Who a thing is on the page: what people call a pod's container, and what its network is of. */
import { expect, test } from 'vitest';
import { identityOf } from '../../../collector/page/identity.ts';
import type { Thing } from '../../../collector/page/reading.ts';
import { type LabelPair, labels } from '../../../src/model/labels.ts';
import type { EntityKind } from '../../../src/model/table.ts';

function thing(kind: EntityKind, pairs: readonly LabelPair[]): Thing {
  const nothing = new Float64Array(0);
  const entity = { key: 'k', kind, startMs: 0, labels: labels(pairs) };
  const read = { values: nothing, timesMs: nothing, facts: new Map(), disks: new Map(), seenMs: 0 };
  return { key: 'k', kind, node: 'n1', entity, ...read, absent: [], described: '' };
}

const POD: LabelPair[] = [
  ['id', '/kubepods/pod1/c1'],
  ['name', '3235900bd03e'],
  ['namespace', 'shop'],
  ['pod', 'web-0'],
];

test('a pod’s container is called by its pod and its own name, not by the runtime’s number', () => {
  expect(identityOf(thing('container', [...POD, ['container', 'web']]), 1)).toMatchObject({
    kind: 'container',
    name: 'web-0/web',
    namespace: 'shop',
    pod: 'web-0',
  });
});

test('a pod’s sandbox is no container: it is shown under its pod’s name, as other cgroups are', () => {
  expect(identityOf(thing('sandbox', POD), 1)).toMatchObject({ kind: 'cgroup', name: 'web-0' });
});

test('Docker’s containers keep their names, with the kubelet’s labels of before too', () => {
  const pairs: LabelPair[] = [
    ['name', 'k8s_web_web-0'],
    ['container_label_io_kubernetes_pod_name', 'web-0'],
    ['container_label_io_kubernetes_pod_namespace', 'shop'],
  ];
  expect(identityOf(thing('container', pairs), 1)).toMatchObject({
    name: 'k8s_web_web-0',
    namespace: 'shop',
    pod: 'web-0',
  });
});
