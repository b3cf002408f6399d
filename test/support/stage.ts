/**
 * `plimsoll run` over the tests' engine at one second for everything, and a Prometheus that scrapes all its pages: what most live
 * tests begin with. Four views of the same numbers come out of it.
 */
import { collectorPage, type Page, pageOf, scrapedPage } from './page.ts';
import { type Program, startProgram } from './program.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { waitFor } from './wait.ts';

/** The names under which the numbers are seen. */
export const NODE = 'truth-1';
export const CLUSTER = 'truth';

export interface StageOptions {
  /** The path of the engine's socket. */
  readonly socket: string;
  readonly sinks?: Readonly<Record<string, object>>;
  readonly agent?: Readonly<Record<string, unknown>>;
}

export type ViewName = 'agent' | 'collector' | 'scraped agent' | 'scraped collector';

export interface Stage {
  readonly program: Program;
  readonly prometheus: Prometheus;
  readonly views: Readonly<Record<ViewName, () => Promise<Page>>>;
  /** Asks a view again and again until `test` answers something, and hands that out. */
  until<T>(view: ViewName, test: (page: Page) => T, what: string): Promise<Exclude<T, undefined | null | false>>;
  stop(): Promise<void>;
}

/** Flags of `docker run` that make a container part of a service. */
export function serviceLabels(project: string, service: string): string[] {
  return [
    ...['--label', `com.docker.compose.project=${project}`],
    ...['--label', `com.docker.compose.service=${service}`],
  ];
}

/** Starts both and waits until the collector has closed a window. */
export async function startStage({ socket, sinks = {}, agent = {} }: StageOptions): Promise<Stage> {
  const program = await startProgram({
    command: 'run',
    config: {
      node: NODE,
      cluster: CLUSTER,
      agent: { interval: '1s', engines: [`unix://${socket}`], filesystem: { interval: '1s' }, ...agent },
      // In one process a batch arrives milliseconds after it was read.
      collector: { window: '1s', lateness: '200ms' },
      sinks,
    },
  });
  const starting = startPrometheus({
    scrapes: [
      { job: 'agent', url: `${program.agentUrl}/metrics` },
      { job: 'collector', url: `${program.collectorUrl}/metrics` },
      { job: 'containers', url: `${program.collectorUrl}/metrics/containers` },
    ],
  });
  const [prometheus] = await Promise.all([starting, program.ready()]);
  const views = {
    agent: async () => pageOf(await program.metrics('agent')),
    collector: () => collectorPage(program),
    'scraped agent': () => scrapedPage(prometheus, 'agent'),
    'scraped collector': () => scrapedPage(prometheus, 'collector', 'containers'),
  };
  return {
    program,
    prometheus,
    views,
    async until(view, test, what) {
      try {
        const wait = { timeoutMs: 30_000, everyMs: 100, what: `${what} (${view})` };
        return await waitFor(async () => test(await views[view]()), wait);
      } catch (error) {
        if (program.pid !== 0) throw error;
        throw new Error(`the program has ended:\n${program.log().slice(-4000)}`, { cause: error });
      }
    },
    async stop() {
      await Promise.all([prometheus.stop(), program.stop()]);
    },
  };
}
