/** Where our page and the kubelet's differ, and why: labels that are left out of the comparison; what is missing in ours, or has another value there. */
type Labels = ReadonlyMap<string, string>;

export interface Difference {
  readonly found: 'missing' | 'other';
  readonly metric: RegExp;
  when(labels: Labels): boolean;
  /** What can be demanded of it all the same. */
  holds?(theirs: number, ours: number): boolean;
  readonly why: string;
}

/** A pause process, as both call it: a pod and a name, and no container. */
const isPause = (labels: Labels): boolean => labels.has('pod') && labels.has('name') && !labels.has('container');
const isPod = (labels: Labels): boolean => labels.has('pod') && !labels.has('name');
/** `kubepods` and the classes below it. */
const isGroup = (labels: Labels): boolean => !labels.has('pod');
const always = (): boolean => true;
const isZero = (theirs: number): boolean => theirs === 0;

/** Labels that one of the two has and the other has not, or not so. */
export const LABELS: readonly { readonly label: string; when(labels: Labels): boolean; readonly why: string }[] = [
  {
    label: 'image',
    when: isPause,
    why: 'containerd before 2.0 writes the image of a pause process nowhere, so that it has no `image`',
  },
  {
    label: 'name',
    when: isGroup,
    why: 'a cgroup that is no container is called by the last part of its path, where the kubelet calls it nothing',
  },
];

export const DIFFERENCES: readonly Difference[] = [
  {
    found: 'missing',
    metric: /^container_cpu_load_average_10s$/,
    when: always,
    holds: isZero,
    why: 'the kubelet does not measure the load and says 0',
  },
  {
    found: 'missing',
    metric: /^container_tasks_state$/,
    when: always,
    holds: isZero,
    why: 'the kubelet does not ask the kernel for tasks’ states and says 0; ours are of containers’ processes, without the state that takes that question',
  },
  {
    found: 'other',
    metric: /^container_tasks_state$/,
    when: always,
    holds: (theirs, ours) => theirs === 0 && ours > 0,
    why: 'the kubelet does not ask the kernel for tasks’ states and says 0; ours are counted in /proc',
  },
  {
    found: 'missing',
    metric: /^container_(threads_max|spec_memory_(limit|reservation_limit|swap_limit)_bytes)$/,
    when: always,
    holds: isZero,
    why: 'no limit is 0 with the kubelet; with us it is absent, so that no ratio has it',
  },
  {
    found: 'other',
    metric: /^container_spec_memory_swap_limit_bytes$/,
    when: always,
    // 32 MiB of both together, of which memory may take all.
    holds: (theirs, ours) => theirs === 32 * 1024 * 1024 && ours === 0,
    why: 'cgroup v1 limits memory and swap together, and the kubelet says that; ours is swap alone, as it is on v2',
  },
  {
    found: 'missing',
    metric: /^container_(file_descriptors|processes|sockets)$/,
    when: (labels) => isPod(labels) || isGroup(labels),
    holds: isZero,
    why: 'of cgroups without processes of their own the kubelet says 0; ours are of containers',
  },
  {
    found: 'missing',
    metric: /^container_(last_seen|start_time_seconds)$/,
    when: (labels) => isPod(labels) || isGroup(labels),
    why: 'ours are of containers: a group’s cgroup has no beginning that the kernel tells',
  },
  {
    found: 'other',
    metric: /^container_start_time_seconds$/,
    when: always,
    holds: (theirs, ours) => Math.abs(ours - theirs) < 3,
    why: 'the kubelet says, in whole seconds, when its cgroup or its record was made; ours is when it was started',
  },
  {
    found: 'other',
    metric: /^container_memory_failures_total$/,
    when: (labels) => labels.get('scope') === 'hierarchy' && labels.get('failure_type') === 'pgfault',
    holds: (theirs, ours) => theirs < ours,
    why: 'under `hierarchy` the kubelet gives the cgroup’s own page faults; ours are the kernel’s total of all below',
  },
  {
    found: 'missing',
    metric: /^container_network_/,
    when: isPause,
    why: 'of a pod in the host’s network the kubelet repeats the host’s interfaces; ours are the host’s alone',
  },
];
