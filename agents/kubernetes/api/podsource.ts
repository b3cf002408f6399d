/** The API server among the sources: it has no numbers, but it is up or not, and `plimsoll_source_up{source="kubernetes"}` says so. */
import type { Config } from '../../../src/config/schema.ts';
import { createApiClient } from '../../../src/kubernetes/client.ts';
import type { Log } from '../../../src/log.ts';
import type { Clock } from '../../../src/run/clock.ts';
import type { Source } from '../../source.ts';
import { accessOf } from './access.ts';
import { createPodDirectory, type PodDirectory } from './directory.ts';

export interface PodDirectorySurroundings {
  readonly settings: Config['agent']['kubernetes'];
  readonly node: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A list and a watch of pods, and the owners of some. */
const CONNECTIONS = 4;
/** Of a list of a hundred pods with all that they are, a fifth of it. */
const MAX_LIST_BYTES = 32 * 1024 * 1024;

/** Undefined where the API server is not to be asked. Throws a ConfigError for what cannot work. */
export function podDirectoryOf({
  settings,
  node,
  env,
  clock,
  log,
}: PodDirectorySurroundings): PodDirectory | undefined {
  const { api, token_file, tls, pod_labels: podLabels, requests } = settings;
  const access = accessOf({ api: typeof api === 'string' ? api : api.url, token_file, tls }, env);
  if (access === undefined) return undefined;
  const client = createApiClient({ access, connections: CONNECTIONS, maxBytes: MAX_LIST_BYTES });
  return createPodDirectory({ client, node, podLabels, requests, clock, log });
}

export function podSource(pods: PodDirectory): Source {
  return {
    name: 'kubernetes',
    read: () => Promise.resolve([]),
    get trouble() {
      return pods.trouble;
    },
    close: () => pods.close(),
  };
}

/** For the start and `plimsoll check`: whether it tells of pods, and what it does not. */
export function podLines(pods: PodDirectory | undefined): string[] {
  if (pods === undefined) return [];
  const missing = pods.missing().map((words) => `Note:      ${words}.`);
  if (pods.trouble === '')
    return [`API:       the Kubernetes API server tells of ${pods.pods} pods of this node`, ...missing];
  return missing.length > 0
    ? missing
    : [`Note:      the Kubernetes API server does not answer: ${pods.trouble}. Names and numbers go on without it.`];
}
