/**
 * Which files a v1 controller has. All cgroups of a hierarchy but its root have the same ones, so one of them is looked into for all: a
 * file that this kernel does not have then costs no attempt to open it, some thirty for each container. (On v2 that depends on the cgroup:
 * a controller may be switched off there, and on later.)
 */
import { namesIn } from '../kernel/files.ts';

export class KnownFiles {
  readonly #names = new Map<string, ReadonlySet<string>>();

  /** False only where it is certain that the controller has no such file. `dir` is a cgroup of it. */
  has(controller: string, dir: string, name: string): boolean {
    let names = this.#names.get(controller);
    if (names === undefined) {
      names = new Set(namesIn(dir));
      // It may be on its way out.
      if (names.size === 0) return true;
      this.#names.set(controller, names);
    }
    return names.has(name);
  }

  /** Looks again at the next question: a module that is loaded later (the scheduler bfq) brings files of its own. */
  forget(): void {
    this.#names.clear();
  }
}
