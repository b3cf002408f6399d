/**
 * Keeps the register true: events, lists and inspections come in, containers settle in the register. Decides what an event
 * means and whom the engine is asked about.
 */
import type { Log } from '../../src/log.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Container } from '../container.ts';
import { Checkups } from './checkups.ts';
import type { EngineEvent, Inspected, Listed } from './engine/api.ts';
import type { EngineClient } from './engine/client.ts';
import type { Candidate } from './filter.ts';
import {
  containerOf,
  detailsOf,
  type IdentityOptions,
  inspectedFromEvent,
  inspectedFromList,
  stopped,
} from './identity.ts';
import { createInspector, type Inspector } from './inspector.ts';
import type { Register } from './register.ts';

export interface KeeperOptions {
  readonly client: EngineClient;
  readonly register: Register;
  readonly identity: IdentityOptions;
  wanted(candidate: Candidate): boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Events of one container come in bursts (`die`, `stop`, `start`, `restart`): one question answers them all. */
const SETTLE_MS = 150;
/** How long an action may wait for its question; `start` cannot, as the container may live for a second only. */
const WAIT_MS = new Map<string, number>([
  ['start', 0],
  ['create', SETTLE_MS],
  ['pause', SETTLE_MS],
  ['unpause', SETTLE_MS],
  ['rename', SETTLE_MS],
  ['update', SETTLE_MS],
  ['health_status', SETTLE_MS],
  // Can come many times a second, and says nothing that is not in the cgroup's own files sooner.
  ['oom', 1000],
]);
/** Every tenth pulse the list is read again: an event that got lost is made up for after five minutes. */
const PULSES_PER_LIST = 10;
const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #register: Register;
  readonly #inspector: Inspector;
  /** What the last list said of containers whose question is not answered yet. */
  readonly #listed = new Map<string, Listed>();
  /** Containers to ask about again at the next pulse. Both are emptied by each list. */
  readonly #failed = new Set<string>();
  /** Containers whose last inspection failed: the first is told, the others only when somebody listens closely. */
  readonly #unclear = new Set<string>();
  /** Containers of the register whose run had an `oom` event; those that are removed at their end can be asked nothing more. */
  readonly #oomed = new Set<string>();
  readonly #checkups = new Checkups();
  #pulses = 0;

  constructor(options: KeeperOptions) {
    const { client, clock, register } = options;
    this.#options = options;
    this.#register = register;
    this.#inspector = createInspector({
      clock,
      inspect: (id) => client.inspect(id),
      onAnswer: (id, answer) => this.#answered(id, answer),
      onFailure: (id, error) => this.#unanswered(id, error),
    });
  }

  /** How many containers the engine was asked about. */
  get inspects(): number {
    return this.#inspector.asked;
  }

  /** Makes the register agree with the engine's list; `all`: asks about every container, not only about those that look different. */
  async reconcile(all: boolean): Promise<void> {
    const before = this.#register.ids();
    const list = await this.#options.client.list();
    const listed = new Set(list.map((entry) => entry.id));
    // Only what was known before the list was asked for: what an event told of meanwhile is younger than the list.
    for (const id of before) if (!listed.has(id)) this.#drop(id, NO_ATTRIBUTES);
    for (const id of this.#unclear) if (!listed.has(id)) this.#unclear.delete(id);
    this.#listed.clear();
    this.#failed.clear();
    for (const entry of list) {
      if (!all && !this.#differs(entry)) continue;
      if (!this.#register.knows(entry.id) && this.#register.full()) continue;
      this.#listed.set(entry.id, entry);
      this.#inspector.request(entry.id);
    }
    await this.#inspector.idle();
  }

  onEvent(event: EngineEvent): void {
    // `health_status: healthy`; Podman writes `died` and `remove`.
    const action = event.action.split(':', 1)[0] as string;
    if (action === 'destroy' || action === 'remove') this.#drop(event.id, event.attributes);
    else if (action === 'die' || action === 'died') this.#died(event);
    else {
      const wait = WAIT_MS.get(action);
      if (action === 'start') this.#began(event.id);
      if (action === 'oom' && this.#register.containers.has(event.id)) this.#oomed.add(event.id);
      if (wait === undefined || (!this.#register.knows(event.id) && this.#register.full())) return;
      this.#inspector.request(event.id, wait);
    }
  }

  /** Asks again what was not answered, and about health; now and then reads the list. */
  async onPulse(): Promise<void> {
    this.#pulses = (this.#pulses + 1) % PULSES_PER_LIST;
    const again = [...this.#failed];
    this.#failed.clear();
    if (this.#pulses === 0) await this.reconcile(false);
    for (const id of again) if (this.#pulses > 0 || this.#register.knows(id)) this.#inspector.request(id);
    for (const id of this.#checkups.due(this.#register.containers.values())) this.#inspector.request(id);
  }

  close(): void {
    this.#inspector.close();
  }

  #answered(id: string, answer: Inspected | undefined): void {
    if (answer === undefined) this.#gone(id, NO_ATTRIBUTES);
    else this.#take(answer);
    this.#forget(id);
  }

  #began(id: string): void {
    this.#oomed.delete(id);
    this.#register.began(id);
  }

  #ignore(id: string): void {
    this.#oomed.delete(id);
    this.#register.ignore(id);
  }

  #gone(id: string, attributes: ReadonlyMap<string, string>): void {
    this.#oomed.delete(id);
    this.#register.gone(id, attributes);
  }

  /** One container that cannot be inspected does not cost the others anything, and keeps the name that the list gives. */
  #unanswered(id: string, error: unknown): void {
    const words = [
      { container: id, error: String(error) },
      'container could not be inspected; it is asked about again',
    ] as const;
    if (this.#unclear.size === 0) this.#options.log.warn(...words);
    else this.#options.log.debug(...words);
    this.#unclear.add(id);
    this.#failed.add(id);
    const entry = this.#listed.get(id);
    if (entry !== undefined && !this.#register.knows(id)) this.#take(inspectedFromList(entry));
  }

  #take(answer: Inspected): void {
    const made = containerOf(answer, this.#register.containers.get(answer.id), this.#options.identity);
    if (this.#wanted(answer, made)) this.#register.settle(made);
    else this.#ignore(answer.id);
  }

  #wanted({ name, image, labels }: Inspected, made: Container): boolean {
    return this.#options.wanted({ name, image, labels, cgroup: detailsOf(made).cgroupPath });
  }

  #differs(entry: Listed): boolean {
    if (this.#register.isIgnored(entry.id)) return false;
    const known = this.#register.containers.get(entry.id);
    if (known === undefined || !detailsOf(known).inspected) return true;
    return known.state !== entry.state || known.name !== entry.name;
  }

  #drop(id: string, attributes: ReadonlyMap<string, string>): void {
    this.#inspector.cancel(id);
    this.#forget(id);
    this.#gone(id, attributes);
  }

  #forget(id: string): void {
    this.#listed.delete(id);
    this.#failed.delete(id);
    this.#unclear.delete(id);
  }

  #died(event: EngineEvent): void {
    const { id, attributes } = event;
    const known = this.#register.containers.get(id);
    const timeMs = Math.trunc(event.timeNano / 1e6);
    // Told again after a reconnect, when the container has long been started anew; or the engine's clock was set back.
    if (known !== undefined && timeMs > 0 && timeMs < known.entity.startMs) {
      this.#inspector.request(id, SETTLE_MS);
      return;
    }
    this.#inspector.outdate(id);
    if (known !== undefined) {
      this.#register.died(known, stopped(known, event, this.#oomed.has(id)), attributes);
    } else if (!this.#register.isIgnored(id)) {
      const from = inspectedFromEvent(event);
      const made = containerOf(from, undefined, this.#options.identity);
      if (this.#wanted(from, made)) this.#register.announce(made, 'die', attributes);
    }
    this.#inspector.request(id, SETTLE_MS);
  }
}
