/** What is wrong now: the present comes in, sentences go out, the worst first, each with the place it leads to. Pure. */
import { isBadEnd } from '../live/lately.ts';
import type { Row } from '../live/message.ts';
import type { Model } from '../live/model.ts';
import { ofSubject, type Place } from '../state/address.ts';
import { share } from '../table/filter.ts';
import { bytes, percent, span } from '../units/figures.ts';
import { THRESHOLDS, type ThresholdName, thresholdOf } from './thresholds.ts';

export interface Wrong {
  readonly key: string;
  readonly severity: 'bad' | 'warn';
  /** Whose trouble it is: a container's name, a host's, a sink's. */
  readonly who: string;
  readonly words: string;
  readonly to: Partial<Place>;
}

/** What ended badly is said for so long. */
const LATELY = 1800;

export function wrongOf(model: Model): Wrong[] {
  const rows = [...model.rows.values()];
  const found = [
    ...pipelineWrong(model),
    ...model.hosts.flatMap((host) => silent(host.node, host.seen, model)),
    ...model.hosts.flatMap((host) => clock(host.node, host.clock)),
    ...rows.flatMap((row) =>
      row.kind === 'host' ? hostWrong(row, rows) : row.kind === 'container' ? containerWrong(row, model) : [],
    ),
  ];
  const worst = (wrong: Wrong): number => (wrong.severity === 'bad' ? 0 : 1);
  return found.sort((a, b) => worst(a) - worst(b));
}

function pipelineWrong({ pipeline, lost }: Model): Wrong[] {
  const { sinks, logUp, behindMs } = pipeline;
  const to: Partial<Place> = { view: 'about', subject: undefined };
  const say = (key: string, severity: Wrong['severity'], [who, words]: readonly [string, string]): Wrong => ({
    ...{ key: `pipeline ${key}`, severity, who, words, to },
  });
  return [
    ...sinks.flatMap(({ name, up, waiting }) => {
      if (!up)
        return [
          say(`sink ${name}`, 'bad', [name, `the sink takes nothing; ${waiting} windows wait. The log says why`]),
        ];
      return waiting > THRESHOLDS.queue
        ? [say(`queue ${name}`, 'warn', [name, `${waiting} windows wait for the sink`])]
        : [];
    }),
    ...(logUp === false
      ? [say('log', 'bad', ['Collector', 'the disk does not take what is to be kept. The log says why'])]
      : []),
    ...(lost > 0
      ? [say('lost', 'bad', ['Collector', `${lost} samples were lost in the last window; /metrics says where`])]
      : []),
    ...(behindMs === undefined
      ? []
      : [
          say('behind', 'warn', [
            'Collector',
            `catches up with windows that were missed; behind by ${span(behindMs / 1000)}`,
          ]),
        ]),
  ];
}

function silent(node: string, seen: number, { end }: Model): Wrong[] {
  const age = end - seen;
  if (age < THRESHOLDS.agent_silent) return [];
  const words = `its agent has said nothing for ${span(age)}: is it running, and does it reach the collector?`;
  return [{ key: `silent ${node}`, severity: 'bad', who: node, words, to: ofSubject({ kind: 'host', node }) }];
}

function clock(node: string, offset: number | undefined): Wrong[] {
  if (offset === undefined || Math.abs(offset) < THRESHOLDS.clock) return [];
  const words = `its clock is ${span(Math.abs(offset))} ${offset > 0 ? 'ahead' : 'behind'}: is its time set by NTP?`;
  return [{ key: `clock ${node}`, severity: 'warn', who: node, words, to: ofSubject({ kind: 'host', node }) }];
}

function hostWrong(row: Row, rows: readonly Row[]): Wrong[] {
  const limits = rows.filter(({ kind, node, runs }) => kind === 'container' && node === row.node && runs);
  const limit = limits.reduce((sum, { memoryLimit }) => sum + (memoryLimit ?? 0), 0);
  const say = (key: ThresholdName, severity: Wrong['severity'], words: string): Wrong => ({
    ...{ key: `${key} ${row.node}`, severity, who: row.name, words, to: ofSubject({ kind: 'host', node: row.node }) },
  });
  const available = share(row.available, row.memoryLimit);
  const low = available !== null && available < THRESHOLDS.host_available;
  return [
    ...(low ? [say('host_available', 'bad', `only ${bytes(row.available)} of memory are still available`)] : []),
    ...(low && row.memoryLimit !== null && limit > THRESHOLDS.host_overcommitted * row.memoryLimit
      ? [
          say(
            'host_overcommitted',
            'warn',
            `its containers may use ${bytes(limit)} of memory, more than the ${bytes(row.memoryLimit)} that it has`,
          ),
        ]
      : []),
    ...above(row.stallMemory, THRESHOLDS.host_pressure_memory, (value) =>
      say('host_pressure_memory', 'bad', `stalled for want of memory ${percent(value)} of the time`),
    ),
    ...above(row.stallIo, THRESHOLDS.host_pressure_io, (value) =>
      say('host_pressure_io', 'warn', `stalled for its disks ${percent(value)} of the time`),
    ),
    ...above(row.waitCpu, THRESHOLDS.host_pressure_cpu, (value) =>
      say('host_pressure_cpu', 'warn', `something waits for a CPU ${percent(value)} of the time`),
    ),
  ];
}

function containerWrong(row: Row, model: Model): Wrong[] {
  const { node, id, alerts } = row;
  const to = ofSubject({ kind: 'container', node, id });
  const say = (key: string, severity: Wrong['severity'], words: string): Wrong => ({
    ...{ key: `${key} ${row.n}`, severity, who: node === '' ? row.name : `${row.name} on ${node}`, words, to },
  });
  const over = (name: ThresholdName, value: number | null, wrong: (value: number) => Wrong): Wrong[] =>
    above(value, thresholdOf(name, alerts), wrong);
  const { memory, memoryLimit, cpu, cpuLimit } = row;
  return [
    ...endWrong(row, model, say),
    ...(row.health === 'unhealthy' && alerts?.health !== 'off'
      ? [say('health', 'bad', 'is unhealthy: its health check fails')]
      : []),
    ...(row.state === 'restarting' ? [say('restarting', 'bad', 'starts again and again')] : []),
    ...(row.state === 'dead' ? [say('dead', 'bad', 'is dead: the engine could not remove it')] : []),
    ...over('memory', share(memory, memoryLimit), (value) =>
      say(
        'memory',
        value > 1 - (1 - THRESHOLDS.memory) / 3 ? 'bad' : 'warn',
        `is near its memory limit: ${percent(value)} of ${bytes(memoryLimit)}`,
      ),
    ),
    ...over('throttling', row.throttled, (value) =>
      say('throttling', 'warn', `is throttled in ${percent(value)} of its periods: it wants more CPU than its limit`),
    ),
    ...over('cpu', share(cpu, cpuLimit), (value) => say('cpu', 'warn', `uses ${percent(value)} of its CPU limit`)),
    ...over('pids', share(row.threads, row.threadsMax), (value) =>
      say('pids', 'warn', `has ${percent(value)} of the threads that it may have`),
    ),
    ...over('pressure_memory', row.stallMemory, (value) =>
      say('pressure_memory', 'warn', `is stalled for want of memory ${percent(value)} of the time`),
    ),
    ...over('pressure_io', row.stallIo, (value) =>
      say('pressure_io', 'warn', `is stalled for its disks ${percent(value)} of the time`),
    ),
  ];
}

/** How it ended, and how often it was started again of late. */
function endWrong(
  row: Row,
  { end, lately }: Model,
  say: (key: string, severity: Wrong['severity'], words: string) => Wrong,
): Wrong[] {
  const mine = lately.filter(({ n, at }) => n === row.n && at > end - LATELY);
  const kills = mine.filter(({ words }) => words.includes('killed in it')).length;
  const starts = mine.filter(({ words }) => words.startsWith('restarted')).length;
  const most = thresholdOf('restarts', row.alerts);
  const ago = row.finished === null ? '' : `, ${span(end - row.finished)} ago`;
  const fresh = row.finished !== null && row.finished > end - LATELY;
  return [
    ...(!row.runs && fresh && isBadEnd(row)
      ? [
          say(
            'end',
            'bad',
            row.oomKilled === 1 ? `was killed for want of memory${ago}` : `exited with ${row.exit}${ago}`,
          ),
        ]
      : []),
    ...(row.runs && kills > 0 && row.alerts?.oom !== 'off'
      ? [say('oom', 'bad', 'lost a process for want of memory')]
      : []),
    ...(most !== undefined && starts >= most
      ? [say('starts', 'bad', `was started again ${starts} times in half an hour`)]
      : []),
  ];
}

function above(value: number | null, most: number | undefined, wrong: (value: number) => Wrong): Wrong[] {
  return value !== null && most !== undefined && value > most ? [wrong(value)] : [];
}
