/** An agent and a collector at one second over containers of every kind, a Prometheus that scrapes both, an InfluxDB that gets all. */
import type { Engine, Running } from './engine.ts';
import { type Influx, startInflux } from './influxdb.ts';
import { cpuReader } from './kernel.ts';
import { type Program, startProgram } from './program.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { CLUSTER, NODE } from './stage.ts';
import { waitFor } from './wait.ts';
import { startZoo } from './zoo.ts';

export const DATABASE = 'plimsoll';
/** How many scrapes there are at least. */
const SCRAPES = 12;

export interface PanelStage {
  readonly agent: Program;
  readonly collector: Program;
  /** Has the containers from the collector, as deploy/prometheus.yml says. */
  readonly prometheus: Prometheus;
  /** Has them from the agent, with the host's name as a label of the target. */
  readonly withAgents: Prometheus;
  readonly influx: Influx;
  /** The moment at which everything is asked, Unix seconds. */
  readonly end: number;
  /** CPU of the container `burner` by the kernel: the least and the most that it had in any three of the last so many seconds. */
  burnedIn(seconds: number): { least: number; most: number };
  stop(): Promise<void>;
}

/** An alert that fires at once, so that there is one to be marked. */
const RULES = JSON.stringify({
  groups: [
    { name: 'one', rules: [{ alert: 'ContainerRuns', expr: 'container_state{name="burner", state="running"} == 1' }] },
  ],
});

export async function startPanelStage(engine: Engine): Promise<PanelStage> {
  const stops: (() => Promise<void>)[] = [];
  const started = <T extends { stop(): Promise<void> }>(one: T): T => {
    stops.push(one.stop);
    return one;
  };
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const influx = started(await startInflux({ databases: [DATABASE] }));
    const collector = started(await startCollector(influx));
    const [agent, { burner }] = await Promise.all([startAgent(engine, collector).then(started), startZoo(engine)]);
    const groups = { job: 'plimsoll', url: `${collector.collectorUrl}/metrics` };
    const [prometheus, withAgents] = await Promise.all(
      [
        [groups, ...fromCollector(agent, collector)],
        [groups, { job: 'plimsoll-agent', url: `${agent.agentUrl}/metrics`, labels: { node: NODE } }],
      ].map((scrapes) => startPrometheus({ scrapes, rules: RULES }).then(started)),
    );
    if (!prometheus || !withAgents) throw new Error('two were started');
    return {
      agent,
      collector,
      prometheus,
      withAgents,
      influx,
      stop,
      ...(await watch([prometheus, withAgents], burner)),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startCollector(influx: Influx): Promise<Program> {
  return startProgram({
    command: 'collector',
    config: {
      cluster: CLUSTER,
      collector: { window: '1s', lateness: '500ms' },
      sinks: { influx: { kind: 'influxdb1', url: influx.url, database: DATABASE } },
    },
  });
}

function startAgent(engine: Engine, collector: Program): Promise<Program> {
  return startProgram({
    command: 'agent',
    config: {
      node: NODE,
      agent: {
        interval: '1s',
        engines: [`unix://${engine.socket}`],
        filesystem: { interval: '1s' },
        push: { url: collector.collectorUrl },
      },
    },
  });
}

/** Of the agents only what they say of themselves. */
function fromCollector(agent: Program, collector: Program) {
  return [
    { job: 'plimsoll-containers', url: `${collector.collectorUrl}/metrics/containers` },
    { job: 'plimsoll-agent-self', url: `${agent.agentUrl}/metrics`, keep: '(plimsoll|process|nodejs)_.*' },
  ];
}

/** Waits for enough scrapes of everything, and meanwhile looks at what the kernel counts. */
async function watch(servers: readonly Prometheus[], burner: Running): Promise<Pick<PanelStage, 'end' | 'burnedIn'>> {
  const read = cpuReader(burner.id);
  const seen: (readonly [seconds: number, cpu: number])[] = [];
  const everything = `(min(count_over_time(service_containers[1m])) >= ${SCRAPES}) and on () (count(container_start_time_seconds{name!=""}) > 9) and on () (sum(service_oom_events_total) > 1) and on () (sum(service_restarts_total) > 1)`;
  await waitFor(
    async () => {
      seen.push([Date.now() / 1000, read()]);
      const answers = await Promise.all(servers.map((server) => server.query(everything)));
      return answers.every((answer) => answer.length > 0);
    },
    { timeoutMs: 90_000, everyMs: 200, what: everything },
  );
  const end = Math.floor(Date.now() / 1000);
  const burnedIn: PanelStage['burnedIn'] = (last) => {
    const late = seen.filter(([seconds]) => seconds > end - last);
    const rates = late.flatMap(([from, cpu]) => {
      const later = late.find(([seconds]) => seconds >= from + 3);
      return later ? [(later[1] - cpu) / (later[0] - from)] : [];
    });
    return { least: Math.min(...rates), most: Math.max(...rates) };
  };
  return { end, burnedIn };
}
