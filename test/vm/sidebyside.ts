/**
 * The agent's numbers beside the kernel's files, read before and after the agent's own reading: file by file for one container or unit,
 * and every series of every family for all containers of an engine.
 */
import { FAMILIES } from '../../src/catalog/index.ts';
import type { Engine, Running } from '../support/engine.ts';
import { compareWithKernel, type IsCompared } from '../support/sidebyside.ts';
import { type Sample, valueIn } from './exposition.ts';
import { type Behaviour, type Fact, factsIn, factsOf } from './kernel.ts';
import type { Plimsoll } from './plimsoll.ts';
import type { Report } from './report.ts';

/** Every family on, sizes found every few seconds, and the times by which the comparison knows when a number was read. */
export const EVERYTHING = {
  families: FAMILIES.filter(({ byDefault }) => !byDefault).map(({ name }) => name),
  filesystem: { interval: '5s', volumes: true },
  timestamps: true,
};

/** Every number of a container against the kernel's files. `only` leaves out what goes up and down. */
export async function sideBySide(
  report: Report,
  plimsoll: Plimsoll,
  container: Running,
  only?: Behaviour,
): Promise<void> {
  const read = (): Fact[] => factsOf(container).filter((fact) => only === undefined || fact.behaviour === only);
  const { name } = container;
  await compare(report, { what: name, labels: { name }, read, shown: () => plimsoll.after(name) });
}

interface Unit {
  readonly name: string;
  readonly dir: string;
  /** Those by which its series are known; `name` if not given. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The same of a cgroup by its folder. */
export async function unitSideBySide(
  report: Report,
  plimsoll: Plimsoll,
  { name, dir, labels = { name } }: Unit,
): Promise<void> {
  await compare(report, { what: name, labels, read: () => factsIn(dir), shown: () => plimsoll.fresh() });
}

interface Compared {
  /** What the lines of the table begin with. */
  readonly what: string;
  /** Whose series they are. */
  readonly labels: Readonly<Record<string, string>>;
  readonly read: () => Fact[];
  readonly shown: () => Promise<Sample[]>;
}

async function compare(report: Report, { what, labels, read, shown }: Compared): Promise<void> {
  const before = read();
  const samples = await shown();
  const after = read();
  for (const file of new Set(before.map((fact) => fact.file))) {
    const off = before.flatMap((fact, i) =>
      fact.file === file ? (difference(samples, labels, [fact, after[i]]) ?? []) : [],
    );
    const count = before.filter((fact) => fact.file === file).length;
    const found = off.length === 0 ? 'so' : off.join('; ');
    report.check(`${what}: ${file}`, {
      expected: `${count} number${count === 1 ? '' : 's'} as the kernel has ${count === 1 ? 'it' : 'them'}`,
      found,
      ok: off.length === 0,
    });
  }
}

/** What is wrong with one number, or undefined. */
function difference(
  samples: readonly Sample[],
  labels: Readonly<Record<string, string>>,
  [first, last]: readonly [Fact, Fact | undefined],
): string | undefined {
  const value = valueIn(samples, first.metric, { ...labels, ...first.labels });
  const end = last?.metric === first.metric ? last.value : first.value;
  if (value === undefined) return `no ${first.metric}`;
  // A level that moved between the two readings may have been anywhere.
  if (first.behaviour === 'level' && first.value !== end) return undefined;
  const fits = value >= first.value - 1e-9 && value <= end + 1e-9;
  return fits ? undefined : `${first.metric} ${value} not in ${first.value} to ${end}`;
}

interface Everything {
  /** What the line of the table is called. */
  readonly what: string;
  readonly engine: Engine;
  readonly page: () => Promise<string>;
  /** How many containers must have been compared. */
  readonly containers: number;
  readonly isCompared?: IsCompared;
}

/**
 * The time of the reading itself; and what threads have used that have ended since: the agent adds up what it saw of them, and nobody else
 * has seen the same. Of the containers here only those that burn have one thread from beginning to end.
 */
function isOfTheMoment(metric: string, name: string): boolean {
  return metric === 'container_last_seen' || (metric.startsWith('container_cpu_schedstat_') && !/burn/.test(name));
}

/** All series of all containers, each looked at until it was found right; the program must run with {@link EVERYTHING}. */
export async function everySeries(
  report: Report,
  { what, engine, page, containers, isCompared = () => true }: Everything,
): Promise<void> {
  const expected = `all of ${containers} containers as the kernel and the engine have them`;
  try {
    const compared = await compareWithKernel({
      engine,
      page,
      // Emulated, one takes ten seconds and more.
      maxRounds: 8,
      isCompared: (metric, name) => !isOfTheMoment(metric, name) && isCompared(metric, name),
    });
    const found = `${compared.series} of ${compared.containers.size} in ${compared.rounds} rounds`;
    report.check(`${what}: every series`, { expected, found, ok: compared.containers.size === containers });
  } catch (error) {
    report.check(`${what}: every series`, {
      expected,
      found: error instanceof Error ? error.message : String(error),
      ok: false,
    });
  }
}
