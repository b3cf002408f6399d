/** The contract of a container runtime that is read through its files; one for containerd, one for CRI-O. */
import type { CriRecord } from './record.ts';

export interface Runtime {
  /** As shown to people: `containerd`, `CRI-O`. */
  readonly name: string;
  /** Where its files are, for words. */
  readonly place: string;
  /** Sandboxes may have no process of their own; then any container of the pod shows their network. */
  readonly lendsProcesses: boolean;
  /** Folders in which something comes or goes with each container; asked anew at each full look. */
  watched(): string[];
  /** The container that a change of that name in a watched folder concerns; undefined for none. */
  idOf(name: string): string | undefined;
  /** Everything that is there now. */
  ids(): Iterable<string>;
  /**
   * What its files say now. `unready`: they are still being written. Undefined: there is nothing of it (any more), or nothing that tells its name.
   * `known`: what was made of it before; who it is does not change.
   */
  read(id: string, known: CriRecord | undefined): Reading | undefined;
}

export interface Reading {
  readonly record: CriRecord;
  /** Something is still to come: when it began, how it ended. */
  readonly unready: boolean;
}
