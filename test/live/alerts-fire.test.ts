/**
 * Real containers that misbehave, a real Prometheus for each of the two documented setups, a real Alertmanager, and who is told: the expected
 * alerts come, with labels and numbers, no other does, and they end when the containers are removed. Minutes are seconds here, not in the files.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  type Alertmanager,
  type Notified,
  type Receiver,
  startAlertmanager,
  startReceiver,
} from '../support/alertmanager.ts';
import { burn, oomChild } from '../support/containers.ts';
import { engineAt } from '../support/engine.ts';
import { requirePrograms } from '../support/install.ts';
import { type Program, startProgram } from '../support/program.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { hurriedRules } from '../support/rulefiles.ts';
import { serviceLabels } from '../support/stage.ts';
import { waitFor } from '../support/wait.ts';

const socket = inject('dockerSocket');
const engine = engineAt(socket);
const NODE = 'dock-1';
const REST = 'trap "exit 0" TERM; sleep 100000 & wait';
const SETUPS = ['agents', 'collector'] as const;

const label = (name: string, value: string): string[] => ['--label', `plimsoll.alert${name}=${value}`];
/** Memory that is no cache: a file system in memory. */
const holds = (mebibytes: number, then = ''): string =>
  `dd if=/dev/zero of=/fill/first bs=1M count=${mebibytes} && { ${then} ${REST}; }`;

/** What must be said of whom: the text about it, with a number that is true. */
interface Expected {
  readonly of: string;
  readonly alert: string;
  readonly severity: string;
  readonly says: RegExp;
}

const EXPECTED: readonly Expected[] = [
  {
    of: 'oomchild',
    alert: 'ContainerOomKilled',
    severity: 'warning',
    says: /killed [1-9]\d* process\(es\) of oomchild on/,
  },
  {
    of: 'looper',
    alert: 'ContainerRestartLoop',
    severity: 'critical',
    says: /^looper on \S+ has started ([5-9]|1\d) times/,
  },
  {
    of: 'burner',
    alert: 'ContainerCpuThrottled',
    severity: 'info',
    says: /burner on \S+ in (100|2[6-9]|[3-9]\d)(\.\d+)?% of the periods/,
  },
  {
    of: 'burner',
    alert: 'ContainerAboveCpuQuota',
    severity: 'warning',
    says: /uses (9\d|10\d)(\.\d+)?% of its CPU limit/,
  },
  {
    of: 'ill',
    alert: 'ContainerUnhealthy',
    severity: 'warning',
    says: /failed at least [2-9]\d* of its own health checks/,
  },
  {
    of: 'shop-web-2',
    alert: 'ContainerExitedNonZero',
    severity: 'warning',
    says: /^shop-web-2 on \S+ ended with exit code 3 /,
  },
  {
    of: 'shop/web',
    alert: 'ServiceDegraded',
    severity: 'warning',
    says: /^1 container\(s\) of the service shop\/web on dock-1 /,
  },
  // The shell and 18 others, of 20.
  { of: 'crowd', alert: 'ContainerPidsNearLimit', severity: 'warning', says: /^crowd on \S+ has 95% of the processes/ },
  // 58 of 64 MiB are 90.6 %, and the shell.
  {
    of: 'tight',
    alert: 'ContainerMemoryNearLimit',
    severity: 'warning',
    says: /^tight on \S+ uses 9[0-4](\.\d+)?% of its memory/,
  },
  // A quarter of a MiB in less than a second, with about 60 MiB to go: minutes.
  {
    of: 'filler',
    alert: 'ContainerMemoryFillsSoon',
    severity: 'warning',
    says: /^filler on \S+ reaches its memory limit in \d+m \d+s /,
  },
  {
    of: 'wanted',
    alert: 'ContainerDown',
    severity: 'critical',
    says: /^wanted on \S+ should run .* has not for \d+(\.\d+)?s\.$/,
  },
];

/** Kills take memory pressure with them, and so does a limit that is nearly reached. */
const TOLERATED = /^ContainerPressure (oomchild|tight|filler|crowd|burner)$/;
/** The machine that runs the tests may have trouble of its own, or be too busy for a tick a second, and says so. */
const OF_THE_MACHINE = /^(Host|AgentTickLate )/;

let receiver: Receiver;
let alertmanager: Alertmanager;
let program: Program;
let prometheus: readonly Prometheus[];

beforeAll(async () => {
  requirePrograms('prometheus-alertmanager', 'amtool');
  await engine.remove();
  receiver = await startReceiver();
  alertmanager = await startAlertmanager(receiver);
  program = await startProgram({
    command: 'run',
    config: {
      node: NODE,
      agent: { interval: '1s', engines: [`unix://${socket}`], filesystem: { interval: '1s' } },
      // On a busy machine a batch may be late.
      collector: { window: '1s', lateness: '2s' },
    },
  });
  await program.ready();
  const collector = { job: 'plimsoll-collector', url: `${program.collectorUrl}/metrics` };
  const pages = {
    agents: { job: 'plimsoll-agent', url: `${program.agentUrl}/metrics` },
    collector: { job: 'plimsoll-containers', url: `${program.collectorUrl}/metrics/containers` },
  };
  prometheus = await Promise.all(
    SETUPS.map((setup) =>
      startPrometheus({
        scrapes: [pages[setup], collector],
        rules: hurriedRules(),
        alertmanager: alertmanager.url,
        externalLabels: { setup },
      }),
    ),
  );
});

afterAll(async () => {
  await Promise.all([...(prometheus ?? []), program, alertmanager, receiver].map((each) => each?.stop()));
  await engine.remove();
});

/** Those that misbehave, and beside each kind one that does not. */
async function startAll(): Promise<void> {
  const run = (name: string, flags: string[], script: string) => engine.run({ name, flags, script });
  const health = ['--health-cmd', 'false', '--health-interval', '1s', '--health-retries', '2'];
  const memory = (limit: string) => ['--memory', limit, '--memory-swap', limit, '--tmpfs', '/fill'];
  const grow =
    'i=0; while :; do i=$((i+1)); dd if=/dev/zero of=/fill/$i bs=256k count=1 2>/dev/null; sleep 0.8; done &';
  await Promise.all([
    run('filler', memory('128m'), holds(68, grow)),
    oomChild(engine, { everyMs: 2000 }),
    run('looper', ['--restart', 'always'], 'sleep 0.1; exit 0'),
    burn(engine, { name: 'burner', cores: 0.1 }),
    run('ill', health, REST),
    run('shop-web-1', serviceLabels('shop', 'web'), REST),
    run('shop-web-2', serviceLabels('shop', 'web'), 'sleep 2; exit 3'),
    run(
      'crowd',
      ['--pids-limit', '20'],
      `for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do sleep 100000 & done; ${REST}`,
    ),
    run('tight', memory('64m'), holds(58)),
    run('wanted', label('.down', 'on'), REST),
    // Beside them, what must not be told of.
    run('good', ['--memory', '64m', '--pids-limit', '20', '--cpus', '1'], REST),
    run('starting', [...health, '--health-start-period', '1h'], REST),
    run('patient', [...memory('64m'), ...label('.memory', '97')], holds(58)),
    burn(engine, { name: 'quiet', cores: 0.1, flags: label('', 'off') }),
    run('shop-migrate-1', serviceLabels('shop', 'migrate'), 'sleep 1; exit 0'),
    run('unwanted', [], REST),
    run('once', label('.exit', 'off'), 'sleep 1; exit 3'),
  ]);
  await engine.docker('stop', 'wanted', 'unwanted');
}

const subject = ({ labels }: Notified): string =>
  labels.container ?? (labels.service ? `${labels.project}/${labels.service}` : (labels.instance ?? ''));
const keyOf = (alert: Notified): string => `${alert.labels.alertname} ${subject(alert)}`;
const firing = (setup: string): Notified[] =>
  receiver.newest().filter(({ status, labels }) => status === 'firing' && labels.setup === setup);

describe('containers that misbehave', () => {
  beforeAll(async () => {
    await startAll();
    const missing = (): string[] =>
      SETUPS.flatMap((setup) => {
        const told = new Set(receiver.all.filter(({ labels }) => labels.setup === setup).map(keyOf));
        return EXPECTED.map(({ alert, of }) => `${alert} ${of}`).filter((key) => !told.has(key));
      });
    try {
      await waitFor(() => missing().length === 0, { timeoutMs: 120_000, everyMs: 250, what: 'all alerts to arrive' });
    } catch (error) {
      throw new Error(`not told of: ${missing().join(', ')}`, { cause: error });
    }
  });

  test.each(SETUPS)('are told of, and nothing else is: %s', (setup) => {
    const all = receiver.all.filter(({ labels }) => labels.setup === setup);
    const told = [...new Set(all.map(keyOf))].filter((key) => !OF_THE_MACHINE.test(key) && !TOLERATED.test(key));
    expect(told.sort()).toEqual(EXPECTED.map(({ alert, of }) => `${alert} ${of}`).sort());
  });

  test.each(SETUPS.flatMap((setup) => EXPECTED.map((each) => [setup, each.of, each.alert, each] as const)))(
    '%s: %s has the labels and the text of %s',
    (setup, of, alert, { severity, says }) => {
      const [first] = receiver.all.filter((one) => one.labels.setup === setup && keyOf(one) === `${alert} ${of}`);
      const { labels, annotations } = first as Notified;
      expect(labels).toMatchObject({ severity, host: setup === 'agents' ? '127.0.0.1' : NODE });
      if (of.startsWith('shop')) expect(labels).toMatchObject({ project: 'shop', service: 'web' });
      expect(annotations.description?.replace('127.0.0.1', NODE)).toMatch(says);
      expect(annotations.summary).toContain(of);
      expect(annotations.runbook_url).toMatch(new RegExp(`#${alert.toLowerCase()}$`));
    },
  );

  test('are told of no more when they have been removed, or run again', async () => {
    await engine.docker('start', 'wanted');
    const { length } = (await engine.docker('ps', '-aq')).split('\n');
    expect(length).toBeGreaterThan(10);
    const all = (await engine.docker('ps', '-a', '--format', '{{.Names}}')).split('\n');
    await engine.remove(...all.filter((name) => name !== 'wanted'));
    const left = (): string[] =>
      SETUPS.flatMap(firing)
        .map(keyOf)
        .filter((key) => !OF_THE_MACHINE.test(key));
    try {
      await waitFor(() => left().length === 0, { timeoutMs: 60_000, everyMs: 250, what: 'all alerts to end' });
    } catch (error) {
      throw new Error(`still told of: ${left().join(', ')}`, { cause: error });
    }
  });
});

describe('the files in deploy/', () => {
  const file = (name: string): string => fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));

  test.each([
    ['promtool', ['check', 'config', '--syntax-only', file('prometheus.yml')]],
    ['amtool', ['check-config', file('alertmanager.yml')]],
  ])('%s finds nothing wrong', (program, args) => {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    expect(status, `${stdout}${stderr}`).toBe(0);
  });
});
