/** For the live tests, which read a running machine with the same means as the recordings. */
export interface CheckedContainer {
  readonly inspect: {
    readonly Id: string;
    readonly Name: string;
    readonly State: { readonly Pid: number; readonly Status: string };
    readonly HostConfig: { readonly NetworkMode: string };
    readonly LogPath: string;
    readonly GraphDriver?: { readonly Data?: { readonly UpperDir?: string } | null } | null;
    readonly Mounts: readonly { readonly Type: string; readonly Name?: string; readonly Source: string }[];
  };
  readonly labels: Readonly<Record<string, string>>;
  readonly runs: boolean;
  /** 0 if there is no process to be seen. */
  readonly pid: number;
  /** The folder of a v1 controller, on v2 of anything. */
  folder(controller: string): string | undefined;
}

export interface CheckedMoment {
  readonly version: 'v1' | 'v2';
  readonly proc: string;
  readonly timeMs: number;
  readonly info: unknown;
  readonly containers: readonly CheckedContainer[];
}

export function containerOf(
  inspect: unknown,
  where: { readonly cgroupRoot: string; readonly proc: string; readonly version: 'v1' | 'v2' },
): CheckedContainer;
