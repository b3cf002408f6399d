/**
 * Which containers are watched: rules of the configuration come in, one question per container goes out. A container can keep
 * itself out with the label `plimsoll.ignore=true`, whatever the rules say.
 */
import { globs } from './glob.ts';

/** What a filter is asked about. `cgroup` is the path shown as label `id`. */
export interface Candidate {
  readonly name: string;
  readonly image: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly cgroup: string;
}

/** Globs (`*`, `?`) on whole texts. A container fits when any one of them fits. */
export interface FilterRule {
  readonly name?: readonly string[];
  readonly image?: readonly string[];
  /** `key` for any value, or `key=value`. */
  readonly label?: readonly string[];
  readonly cgroup?: readonly string[];
}

export interface FilterRules {
  /** Only these are watched. Without any glob: all. */
  readonly include?: FilterRule;
  /** These are not, even if included. */
  readonly exclude?: FilterRule;
}

/** The label with which a container keeps itself out. */
export const IGNORE_LABEL = 'plimsoll.ignore';

/** True for a container that is to be watched. */
export function containerFilter({ include = {}, exclude = {} }: FilterRules): (candidate: Candidate) => boolean {
  const included = isEmpty(include) ? () => true : fits(include);
  const excluded = fits(exclude);
  return (candidate) =>
    candidate.labels.get(IGNORE_LABEL)?.toLowerCase() !== 'true' && !excluded(candidate) && included(candidate);
}

function isEmpty({ name = [], image = [], label = [], cgroup = [] }: FilterRule): boolean {
  return name.length + image.length + label.length + cgroup.length === 0;
}

function fits({ name = [], image = [], label = [], cgroup = [] }: FilterRule): (candidate: Candidate) => boolean {
  const names = globs(name);
  const images = globs(image);
  const cgroups = globs(cgroup);
  const keys = globs(label.filter((rule) => !rule.includes('=')));
  const pairs = globs(label.filter((rule) => rule.includes('=')));
  const hasLabel = (labels: ReadonlyMap<string, string>): boolean =>
    label.length > 0 && [...labels].some(([key, value]) => keys(key) || pairs(`${key}=${value}`));
  return (candidate) =>
    names(candidate.name) || images(candidate.image) || cgroups(candidate.cgroup) || hasLabel(candidate.labels);
}
