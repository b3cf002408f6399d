/** Lets a schedule's faults happen and end: each part has one at a time, and all is well again when this resolves. Notes what may be lost by them uncounted. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Server } from '../support/servers.ts';
import { waitFor } from '../support/wait.ts';
import type { Ticks } from './evidence.ts';
import type { Random } from './random.ts';
import { type Fault, type Schedule, type Target, targetWords } from './schedule.ts';
import type { Servers } from './servers.ts';
import type { Damage } from './smalldisk.ts';
import type { Actor, Stage } from './stage.ts';

export interface Played {
  /** By node. */
  readonly unkept: readonly Ticks[][];
  /** By store. */
  readonly forgotten: ReadonlyMap<string, Ticks[]>;
  /** What was done beside what the schedule says. */
  readonly notes: readonly string[];
}

/** How long an agent may have a batch in memory alone: until it is not durable in time, and the next look writes it. */
const UNKEPT_MS = 2000;
const UNKEPT_TICKS = 4;
/** VictoriaMetrics writes what it was sent to its disk within so long; on a busy machine it was 15 s for series that were new (seed 43). */
const FORGOTTEN_MS = 20_000;
const RESTART_MS = 60_000;
/** How long after its tick a window may be written, where agents are waited for. */
const WINDOW_AGE_MS = 30_000;

export async function play(
  schedule: Schedule,
  { stage, servers, random }: { readonly stage: Stage; readonly servers: Servers; readonly random: Random },
): Promise<Played> {
  const player = new Player(stage, servers, random);
  await Promise.all(schedule.faults.map((fault) => player.happen(fault)));
  return player;
}

class Player implements Played {
  readonly unkept: Ticks[][];
  readonly forgotten = new Map<string, Ticks[]>();
  readonly notes: string[] = [];
  readonly #stage: Stage;
  readonly #servers: Servers;
  readonly #random: Random;
  /** By part: when the fault before has ended. */
  readonly #turns = new Map<string, Promise<void>>();
  /** By node: since when its agent's disk takes nothing, Unix milliseconds. */
  readonly #noDisk = new Map<number, number>();

  constructor(stage: Stage, servers: Servers, random: Random) {
    this.#stage = stage;
    this.#servers = servers;
    this.#random = random;
    this.unkept = stage.agents.map(() => []);
  }

  async happen(fault: Fault): Promise<void> {
    await delay(fault.atMs);
    const part = partOf(fault);
    const before = this.#turns.get(part) ?? Promise.resolve();
    const done = before.then(() => this.#do(fault));
    this.#turns.set(
      part,
      done.catch(() => undefined),
    );
    await done;
  }

  async #do(fault: Fault): Promise<void> {
    const { forMs } = fault;
    switch (fault.kind) {
      case 'kill':
      case 'end':
        return this.#away(fault.target, { forMs, signal: fault.kind === 'kill' ? 'SIGKILL' : 'SIGTERM' });
      case 'stop':
        return this.#still(this.#serverOf(fault.target), forMs);
      case 'proxy': {
        const proxy = this.#stage.proxies[fault.before];
        proxy.become(fault.does, fault.percent);
        await delay(forMs);
        return proxy.become({ do: 'pass' }, 0);
      }
      case 'disk full':
        return this.#withoutDisk(fault.of, async (disk) => {
          disk.fill();
          await delay(forMs);
          disk.free();
        });
      case 'read-only':
        if (fault.of.is === 'collector') return this.#refused(fault.of, forMs);
        return this.#withoutDisk(fault.of, (disk) => this.#readOnly(disk, forMs));
      case 'damage': {
        const ending = fault.of.is === 'agent' ? '.spool' : this.#random.of(['.log', '.log', '.log', '.json']);
        const harm = (): void => {
          // A disk that may not be written to cannot be damaged either.
          const done = this.#harm(fault.of, { ending, how: fault.how });
          if (done !== undefined) this.#noteDamage(done);
          this.notes.push(done?.words ?? `nothing to ${fault.how}`);
        };
        // At an orderly end an agent writes what is not durable: otherwise there would be nothing to damage.
        const signal = fault.of.is === 'agent' ? 'SIGTERM' : 'SIGKILL';
        return this.#away(fault.of, { forMs, signal, meanwhile: harm });
      }
      case 'clock': {
        const actor = this.#actorOf(fault.of);
        actor.setClock(fault.byMs);
        await delay(forMs);
        return actor.setClock(0);
      }
    }
  }

  async #away(
    target: Target,
    { forMs, signal, meanwhile }: { forMs: number; signal: NodeJS.Signals; meanwhile?: () => void },
  ): Promise<void> {
    const server = this.#serverOf(target);
    await this.#stage.counts.look();
    const isLost = signal === 'SIGKILL' || meanwhile !== undefined;
    this.#noteLoss(target, isLost);
    await server.end(signal);
    // On a busy machine it took more until it was gone.
    if (target.is === 'server') this.#noteLoss(target, isLost);
    await this.#stage.counts.look();
    meanwhile?.();
    await delay(forMs);
    await this.#startAgain(target);
  }

  /** A disk that is full or may not be written to is a reason not to start. */
  async #startAgain(target: Target): Promise<void> {
    const server = this.#serverOf(target);
    await waitFor(async () => (await server.start()) === undefined, {
      ...{ timeoutMs: RESTART_MS, everyMs: 200, what: `${targetWords(target)} to start again` },
    });
  }

  #harm(of: Target, { ending, how }: { ending: string; how: 'flip' | 'truncate' }): Damage | undefined {
    try {
      return this.#actorOf(of).disk.damage(ending, how, this.#random);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EROFS') throw error;
      return undefined;
    }
  }

  /** What is in no part yet, the store has in the log alone. The file that is written to is there twice. */
  #noteDamage({ ending, fromMs, toMs, isCopied }: Damage): void {
    if (ending !== '.log' || isCopied) return;
    // Windows lie there a while after their ticks.
    const from = this.#tickAt(fromMs - WINDOW_AGE_MS);
    this.forgotten.set('store', [...(this.forgotten.get('store') ?? []), { from, to: this.#tickAt(toMs) }]);
  }

  /** `isLost`: what the process had in memory alone, or what it then wrote. */
  #noteLoss(target: Target, isLost: boolean): void {
    const { windowMs } = this.#stage.cast;
    const nowMs = Date.now();
    if (target.is === 'agent' && (isLost || this.#noDisk.has(target.node))) {
      const keptMs = this.#noDisk.get(target.node) ?? nowMs;
      const from = this.#tickAt(keptMs - UNKEPT_MS - UNKEPT_TICKS * windowMs);
      this.unkept[target.node]?.push({ from, to: this.#tickAt(nowMs) });
    }
    if (target.is === 'server' && target.name === 'victoria' && isLost)
      this.forgotten.set('victoria', [
        ...(this.forgotten.get('victoria') ?? []),
        { from: this.#tickAt(nowMs - FORGOTTEN_MS - WINDOW_AGE_MS), to: this.#tickAt(nowMs) },
      ]);
  }

  #tickAt(ms: number): number {
    return Math.floor(ms / this.#stage.cast.windowMs);
  }

  async #still(server: Server, forMs: number): Promise<void> {
    const { pid } = server;
    if (pid === 0) return;
    process.kill(pid, 'SIGSTOP');
    await delay(forMs);
    process.kill(pid, 'SIGCONT');
  }

  async #withoutDisk(of: Target, work: (disk: Actor['disk']) => Promise<void>): Promise<void> {
    if (of.is === 'agent' && !this.#noDisk.has(of.node)) this.#noDisk.set(of.node, Date.now());
    await work(this.#actorOf(of).disk);
    if (of.is !== 'agent') return;
    // What waits in memory is written with the ticks that follow.
    await delay(2 * this.#stage.cast.windowMs);
    this.#noDisk.delete(of.node);
  }

  /** It has a file open all the while: its disk can be made read-only while it is away, and it must say so and not start. */
  async #refused(of: Target, forMs: number): Promise<void> {
    const { server, disk } = this.#actorOf(of);
    await this.#stage.counts.look();
    await server.end('SIGKILL');
    disk.readOnly();
    const started = await server.start().then(
      () => true,
      () => false,
    );
    if (started) this.notes.push('started on a read-only disk');
    await server.end('SIGKILL');
    await delay(forMs);
    disk.writable();
    await this.#startAgain(of);
  }

  async #readOnly(disk: Actor['disk'], forMs: number): Promise<void> {
    const untilMs = performance.now() + forMs;
    // While something is open for writing it cannot be done.
    while (!disk.readOnly()) {
      if (performance.now() > untilMs) return void this.notes.push('never read-only');
      await delay(20);
    }
    await delay(forMs);
    disk.writable();
  }

  #serverOf(target: Target): Server {
    return target.is === 'server' ? this.#servers[target.name] : this.#actorOf(target).server;
  }

  #actorOf(target: Target): Actor {
    if (target.is === 'agent') return this.#stage.agents[target.node] as Actor;
    return this.#stage.collector;
  }
}

/** Faults of one part come one after the other: a process cannot be killed while it is away. */
function partOf(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
    case 'end':
    case 'stop':
      return targetWords(fault.target);
    case 'damage':
      return targetWords(fault.of);
    case 'proxy':
      return `proxy ${fault.before}`;
    case 'clock':
      return `clock ${targetWords(fault.of)}`;
    default:
      if (fault.kind === 'read-only' && fault.of.is === 'collector') return targetWords(fault.of);
      return `disk ${targetWords(fault.of)}`;
  }
}
