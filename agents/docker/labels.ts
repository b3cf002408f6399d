/**
 * The labels of a container's entity, out of what the engine says: `id`, `name`, `image`, then the container's own labels and
 * environment as far as they are allowed. Foreign text is bounded here; escaping is the exposition's work.
 */
import { type LabelPair, type Labels, labelName, labels } from '../../src/model/labels.ts';
import type { Inspected } from './engine/api.ts';
import { globs } from './glob.ts';

/** In characters; what is longer is cut, and counted. */
const MAX_VALUE = 1024;
/** A longer key of a label or variable is left out, and counted: cut, it would be another key. */
const MAX_KEY = 256;
/** Labels and variables of one container; the alphabetically first are kept. */
const MAX_FOREIGN = 128;
/** What a container says of the alert rules in dashboards/prometheus; exposed whatever `agent.labels` says. */
const OF_ALERTS = /^plimsoll\.alert(\.|$)/;

export interface LabelPolicyOptions {
  /** Globs on the keys of container labels; what none matches is not exposed, but for `plimsoll.alert.…`. */
  readonly labelAllow: readonly string[];
  /** Globs on the names of environment variables. */
  readonly envAllow: readonly string[];
}

export interface LabelPolicy {
  /** The labels of a container whose cgroup is at `cgroupPath`. */
  labelsOf(container: Pick<Inspected, 'name' | 'image' | 'labels' | 'env'>, cgroupPath: string): Labels;
  /** Values that were cut at 1024 characters, over all calls. */
  readonly cut: number;
  /** Labels and variables left out: their key was too long, or there were too many of them. */
  readonly refused: number;
}

export function labelPolicy({ labelAllow, envAllow }: LabelPolicyOptions): LabelPolicy {
  const labelAllowed = globs(labelAllow);
  const envAllowed = globs(envAllow);
  let cut = 0;
  let refused = 0;

  function bounded(value: string): string {
    if (value.length <= MAX_VALUE) return value;
    cut++;
    const high = value.charCodeAt(MAX_VALUE - 1);
    // Not in the middle of a surrogate pair.
    return value.slice(0, high >= 0xd800 && high <= 0xdbff ? MAX_VALUE - 1 : MAX_VALUE);
  }

  /** In the order of the keys, so that of two keys that become one name the alphabetically first wins, each time. */
  function* foreign(pairs: Iterable<LabelPair>, prefix: string, nameOf: (key: string) => string): Generator<LabelPair> {
    let kept = 0;
    for (const [key, value] of [...pairs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
      if (key.length > MAX_KEY || kept >= MAX_FOREIGN) {
        refused++;
      } else {
        kept++;
        yield [labelName(prefix, nameOf(key)), bounded(value)];
      }
    }
  }

  return {
    labelsOf(container, cgroupPath) {
      const own = [...container.labels].filter(([key]) => labelAllowed(key) || OF_ALERTS.test(key));
      const env = container.env.map(variable).filter(([key]) => envAllowed(key));
      return labels([
        ['id', bounded(cgroupPath)],
        ['name', bounded(container.name)],
        ['image', bounded(container.image)],
        ...foreign(own, 'container_label_', (key) => key),
        ...foreign(env, 'container_env_', (key) => key.toLowerCase()),
      ]);
    },
    get cut() {
      return cut;
    },
    get refused() {
      return refused;
    },
  };
}

function variable(entry: string): LabelPair {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
}
