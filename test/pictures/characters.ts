/** What made-up containers are like, and how they live: counters that grow and gauges that wander, the same at each run. */

const MIB = 1024 * 1024;

export interface Character {
  /** Cores that it would like to use, on average. */
  readonly cores: number;
  /** Cores that it may use; undefined: all. */
  readonly quota?: number;
  readonly memory: number;
  /** Memory that it may use; undefined: all. */
  readonly limit?: number;
  /** Bytes per second. */
  readonly received: number;
  readonly sent: number;
  readonly read: number;
  readonly written: number;
  readonly threads: number;
  readonly health: 'healthy' | 'unhealthy' | 'none';
  /** It has ended, with this. */
  readonly exitCode?: number;
  /** Seconds after which it is killed for want of memory and starts again. */
  readonly killedEvery?: number;
}

const CALM: Character = {
  cores: 0.01,
  memory: 40 * MIB,
  received: 2_000,
  sent: 3_000,
  read: 0,
  written: 500,
  threads: 8,
  health: 'none',
};

/** Two of three do little; among the rest there is all that a dashboard has to show. */
const CHARACTERS: readonly Character[] = [
  {
    ...CALM,
    cores: 0.4,
    memory: 300 * MIB,
    limit: 512 * MIB,
    received: 900_000,
    sent: 2_500_000,
    threads: 40,
    health: 'healthy',
  },
  CALM,
  { ...CALM, memory: 80 * MIB, limit: 256 * MIB },
  {
    ...CALM,
    cores: 1.1,
    quota: 1,
    memory: 200 * MIB,
    limit: 1024 * MIB,
    received: 150_000,
    threads: 24,
    health: 'healthy',
  },
  CALM,
  { ...CALM, cores: 0.08, memory: 900 * MIB, limit: 2048 * MIB, read: 2_000_000, written: 5_000_000, threads: 60 },
  CALM,
  { ...CALM, cores: 0.05, memory: 120 * MIB, limit: 128 * MIB },
  { ...CALM, health: 'healthy' },
  CALM,
];
const ODD = new Map<number, Character>([
  [17, { ...CALM, health: 'unhealthy' }],
  [31, { ...CALM, exitCode: 0 }],
  [44, { ...CALM, exitCode: 137 }],
  [58, { ...CALM, memory: 240 * MIB, limit: 256 * MIB, killedEvery: 90 }],
  [63, { ...CALM, cores: 2.4, quota: 0.5, memory: 64 * MIB }],
]);

export function characterOf(i: number): Character {
  return ODD.get(i) ?? (CHARACTERS[i % CHARACTERS.length] as Character);
}

/** Where it is. Counters are of this run. */
export interface Life {
  readonly seconds: number;
  readonly phase: number;
  readonly running: boolean;
  readonly restarts: number;
  readonly kills: number;
  readonly cpu: number;
  readonly throttled: number;
  readonly waited: number;
  readonly memory: number;
  readonly received: number;
  readonly sent: number;
  readonly read: number;
  readonly written: number;
  readonly threads: number;
  /** When it began to run, as the engine says. */
  startedMs(bornMs: number): number;
}

export function newLife(character: Character, phase: number): Life {
  const running = character.exitCode === undefined;
  const zero = {
    seconds: 0,
    restarts: 0,
    kills: 0,
    cpu: 0,
    throttled: 0,
    waited: 0,
    received: 0,
    sent: 0,
    read: 0,
    written: 0,
  };
  return {
    ...zero,
    phase,
    running,
    memory: character.memory,
    threads: character.threads,
    startedMs: (bornMs) => bornMs,
  };
}

export function livedOn(
  life: Life,
  character: Character,
  { seconds, timeMs }: { seconds: number; timeMs: number },
): Life {
  if (!life.running) return life;
  const at = life.seconds + seconds;
  if (
    character.killedEvery !== undefined &&
    Math.floor(at / character.killedEvery) > Math.floor(life.seconds / character.killedEvery)
  ) {
    return {
      ...life,
      seconds: at,
      kills: life.kills + 1,
      restarts: life.restarts + 1,
      memory: character.memory / 4,
      startedMs: () => timeMs,
    };
  }
  const swing = 1 + 0.35 * Math.sin(at / 37 + life.phase) + 0.2 * Math.sin(at / 11 + life.phase * 3);
  const wanted = character.cores * swing;
  const given = Math.min(wanted, character.quota ?? wanted);
  const grown =
    character.killedEvery === undefined
      ? character.memory * (1 + 0.04 * swing)
      : life.memory + (character.memory * seconds) / character.killedEvery;
  return {
    ...life,
    seconds: at,
    cpu: life.cpu + given * seconds,
    throttled: life.throttled + Math.min(1, Math.max(0, wanted - given)) * seconds,
    waited: life.waited + given * 0.03 * seconds,
    memory: Math.min(grown, character.limit ?? grown),
    received: life.received + character.received * swing * seconds,
    sent: life.sent + character.sent * swing * seconds,
    read: life.read + character.read * swing * seconds,
    written: life.written + character.written * swing * seconds,
  };
}
