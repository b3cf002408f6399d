/** What a container runtime's files tell of one container or pod sandbox, whichever runtime wrote them. */

/** What is noted of its life. Times in Unix milliseconds, 0 for never or not told. */
export interface Life {
  /** 0 while no process has it, or where none is told. */
  readonly pid: number;
  readonly createdMs: number;
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly exitCode: number | undefined;
  readonly oomKilled: boolean | undefined;
}

export const UNKNOWN_LIFE: Life = {
  pid: 0,
  createdMs: 0,
  startedMs: 0,
  finishedMs: 0,
  exitCode: undefined,
  oomKilled: undefined,
};

export interface CriRecord extends Life {
  /** Of the container, or of the sandbox. */
  readonly id: string;
  /** `sandbox`: the pod's own, with its pause process where there is one. `plain`: of no pod (`ctr`, nerdctl). */
  readonly type: 'container' | 'sandbox' | 'plain';
  /** Empty for a plain one. */
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  /** The container's name within its pod; empty for a sandbox. */
  readonly container: string;
  readonly image: string;
  readonly imageId: string;
  /** What the runtime calls it: CRI-O has names of the kubelet's old kind, containerd the id. */
  readonly name: string;
  /** Of its pod; its own id for a sandbox. */
  readonly sandboxId: string;
  /** As the runtime was told, from the hierarchy's root; systemd's short form is spelt out. Empty if it does not say. */
  readonly cgroupPath: string;
  /** Shares the host's network. */
  readonly hostNetwork: boolean;
  readonly hostname: string;
  /** Microseconds of CPU time per period, shares, bytes, as the runtime was told; 0 where there is no limit. */
  readonly limits: CriLimits;
  /** How often the pod's container was started again before this one; undefined where nobody says. */
  readonly attempt: number | undefined;
  /** Labels that came with it (a plain one's own, CRI-O's of the container), for filters and the allow-list. */
  readonly labels: ReadonlyMap<string, string>;
}

export interface CriLimits {
  readonly cpuQuota: number;
  readonly cpuPeriod: number;
  readonly cpuShares: number;
  readonly memory: number;
  readonly memoryAndSwap: number;
  readonly memoryReservation: number;
}
