/** Which containers are watched. */

/** What a filter is asked about. `cgroup` is the path shown as label `id`. */
export interface Candidate {
  readonly name: string;
  readonly image: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly cgroup: string;
}
