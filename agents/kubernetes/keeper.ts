/**
 * Keeps the register true by files: an id that may have changed comes in, its files are read, again after 2, 4, 8 … ms while they are still being written, and
 * the container settles in the register.
 */
import type { Log } from '../../src/log.ts';
import { type Labels, NO_LABELS } from '../../src/model/labels.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { CgroupPaths, Container } from '../container.ts';
import type { Candidate } from '../docker/filter.ts';
import { globs } from '../docker/glob.ts';
import { containerOf, detailsOf } from '../docker/identity.ts';
import type { Register } from '../docker/register.ts';
import type { PodDirectory } from './api/directory.ts';
import { attemptOf } from './attempts.ts';
import { allowedLabels, inspectedFrom, kubeLabels } from './identity.ts';
import type { CriRecord } from './record.ts';
import { requestsOf } from './requests.ts';
import type { Reading, Runtime } from './runtime.ts';

export interface FilesKeeperOptions {
  readonly runtime: Runtime;
  readonly register: Register;
  /** The kubelet's logs: `/var/log/pods`. */
  readonly logs: string;
  /** Globs on a plain container's labels that become labels of series. */
  readonly labelAllow: readonly string[];
  /** What the API server knows of pods, where it is asked. */
  readonly pods?: Pick<PodDirectory, 'labelsOf' | 'requestsOf'> | undefined;
  locate(pid: number): CgroupPaths | undefined;
  filter?(candidate: Candidate): boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Files are there within some tens of milliseconds; what is not there after this is taken as it is. */
const PATIENCE_MS = 2000;
const FIRST_WAIT_MS = 2;
const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

export class FilesKeeper {
  readonly #options: FilesKeeperOptions;
  readonly #register: Register;
  readonly #allowed: (key: string) => boolean;
  readonly #records = new Map<string, CriRecord>();
  /** Those that are looked at again soon, and how to call that off. */
  readonly #waiting = new Map<string, () => void>();
  /** By sandbox: the container whose process it speaks through. */
  readonly #lenders = new Map<string, string>();
  #readings = 0;

  constructor(options: FilesKeeperOptions) {
    this.#options = options;
    this.#register = options.register;
    this.#allowed = globs(options.labelAllow);
  }

  /** How many containers' files were read. */
  get readings(): number {
    return this.#readings;
  }

  /** Everything that is there and may have changed. */
  lookAtAll(): void {
    const there = new Set(this.#options.runtime.ids());
    for (const id of [...this.#records.keys()]) if (!there.has(id)) this.lookAt(id);
    for (const id of there) if (this.#needsLook(id)) this.lookAt(id);
  }

  lookAt(id: string, waitedMs = 0): void {
    this.#waiting.get(id)?.();
    this.#waiting.delete(id);
    const reading = this.#read(id);
    const isPatient = waitedMs < PATIENCE_MS;
    if (reading === undefined) {
      // Its folder is there before its files are.
      if (this.#records.has(id)) this.#forget(id);
      else if (isPatient) this.#wait(id, waitedMs);
      return;
    }
    if (!this.#records.has(id) && !this.#register.knows(id) && this.#register.full()) return;
    // Who it is is known from here on, and is not read again.
    this.#records.set(id, reading.record);
    if (reading.unready && isPatient) this.#wait(id, waitedMs);
    else this.#settle(reading.record);
  }

  /** Others know more, or else, of those that are meant: their labels are made anew. */
  relabel(isMeant: (record: CriRecord) => boolean): void {
    for (const [id, record] of this.#records) if (!this.#waiting.has(id) && isMeant(record)) this.#settle(record);
  }

  close(): void {
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
  }

  /** Nothing is read again of what has ended, or of what is being waited for. */
  #needsLook(id: string): boolean {
    const known = this.#records.get(id);
    return !this.#waiting.has(id) && (known === undefined || known.finishedMs === 0);
  }

  #read(id: string): Reading | undefined {
    this.#readings++;
    try {
      return this.#options.runtime.read(id, this.#records.get(id));
    } catch (error) {
      const words = 'a container’s files could not be read; they are looked at again';
      this.#options.log.warn({ container: id, error: String(error) }, words);
      const record = this.#records.get(id);
      return record && { record, unready: false };
    }
  }

  #wait(id: string, waitedMs: number): void {
    const nextMs = Math.max(FIRST_WAIT_MS, waitedMs);
    this.#waiting.set(
      id,
      this.#options.clock.after(nextMs, () => this.lookAt(id, waitedMs + nextMs)),
    );
  }

  #settle(record: CriRecord): void {
    const { logs, filter, locate, pods } = this.#options;
    const inspected = inspectedFrom({ ...record, attempt: attemptOf(logs, record, this.#records.values()) });
    const requests = requestsOf(record, pods?.requestsOf(record));
    const further = this.#furtherLabels(record);
    const made = containerOf({ ...inspected, requests }, this.#register.containers.get(record.id), {
      policy: { labelsOf: (_, path) => kubeLabels(record, path, further), cut: 0, refused: 0 },
      placing: () => ({ driver: 'cgroupfs', podman: false }),
      locate,
      // A sandbox without a process speaks through another's, whose cgroup is not its own.
      isProcessOf: () => record.type === 'sandbox',
      kind: record.type === 'sandbox' ? 'sandbox' : 'container',
    });
    const { name, image, labels } = inspected;
    const isWanted = filter?.({ name, image, labels, cgroup: detailsOf(made).cgroupPath }) ?? true;
    if (isWanted) this.#register.settle(this.#withLent(record, made));
    else this.#register.ignore(record.id);
    if (record.type === 'container') this.#lend(record.sandboxId);
  }

  #furtherLabels(record: CriRecord): Labels {
    if (record.type === 'plain') return allowedLabels(record, this.#allowed);
    return this.#options.pods?.labelsOf(record) ?? NO_LABELS;
  }

  /** A container of the pod has changed: whether its sandbox speaks through another one now. */
  #lend(sandboxId: string): void {
    const sandbox = this.#records.get(sandboxId);
    const before = this.#register.containers.get(sandboxId);
    if (sandbox === undefined || before === undefined) return;
    const made = this.#withLent(sandbox, before);
    if (made.pid !== before.pid) this.#register.settle(made);
  }

  /** CRI-O's sandboxes usually have no process; their network is that of any container of the pod. */
  #withLent(sandbox: CriRecord, made: Container): Container {
    const { type, id, hostNetwork } = sandbox;
    if (type !== 'sandbox' || sandbox.pid > 0 || !this.#options.runtime.lendsProcesses) return made;
    const lender = this.#lenderOf(id);
    if (lender === undefined && made.pid === 0) return made;
    const { pid, state } = inspectedFrom({ ...sandbox, pid: lender?.pid ?? 0 });
    const details = { ...detailsOf(made), visible: pid > 0 };
    return { ...made, pid, state, ownNetwork: !hostNetwork, cgroup: undefined, details };
  }

  /** The one that lends already, as long as it runs. */
  #lenderOf(sandboxId: string): CriRecord | undefined {
    const known = this.#records.get(this.#lenders.get(sandboxId) ?? '');
    if (known !== undefined && known.pid > 0) return known;
    const next = [...this.#records.values()].find(
      ({ type, sandboxId: of, pid }) => type === 'container' && of === sandboxId && pid > 0,
    );
    if (next === undefined) this.#lenders.delete(sandboxId);
    else this.#lenders.set(sandboxId, next.id);
    return next;
  }

  #forget(id: string): void {
    const record = this.#records.get(id);
    this.#records.delete(id);
    this.#lenders.delete(id);
    this.#register.gone(id, NO_ATTRIBUTES);
    // Its process's number may be another's before long.
    if (record?.type === 'container') this.#lend(record.sandboxId);
  }
}
