/** What tells clients which resources there are: `/api`, `/apis`, the group, its versions. JSON that never changes; clients that ask for newer forms take it too. */
import { GROUP, noSuchResource } from './status.ts';
import { VERSIONS, type Version } from './objects.ts';

const VERBS = ['get', 'list'];

const versionOf = (version: Version) => ({ groupVersion: `${GROUP}/${version}`, version });

const GROUP_OBJECT = {
  name: GROUP,
  versions: VERSIONS.map(versionOf),
  preferredVersion: versionOf('v1'),
};

/** By path. */
export const DISCOVERY: ReadonlyMap<string, object> = new Map<string, object>([
  // No core group here: kubectl that is pointed straight at us takes what there is.
  ['/api', { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }],
  ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: [GROUP_OBJECT] }],
  [`/apis/${GROUP}`, { kind: 'APIGroup', apiVersion: 'v1', ...GROUP_OBJECT }],
  ...VERSIONS.map((version) => [`/apis/${GROUP}/${version}`, resourcesOf(version)] as const),
]);

function resourcesOf(version: Version): object {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: `${GROUP}/${version}`,
    resources: [
      { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: VERBS },
      { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: VERBS },
    ],
  };
}

export function versionNamed(text: string): Version {
  const version = VERSIONS.find((one) => one === text);
  if (version === undefined) throw noSuchResource();
  return version;
}
