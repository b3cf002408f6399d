/** Life of a container: state, health, restarts, exit, times. Known for containers that do not run, too. */
import type { MetricDef } from '../model/family.ts';
import { family } from '../model/family.ts';

export const state = family({
  name: 'state',
  help: 'State, health, restarts, exit and times of every container the engine knows, stopped ones too; of the host only when it was seen and started.',
  metrics: {
    lastSeen: {
      metric: 'container_last_seen',
      kind: 'gauge',
      unit: 'seconds',
      help: 'When the container was last seen alive, Unix time; only while it runs or is paused. The host always is.',
      source: 'time of the reading',
    },
    created: time('container_creation_time_seconds', 'When the container was created, Unix time.', 'Created'),
    started: time(
      'container_start_time_seconds',
      'When the container started, Unix time; only while it runs or is paused. When the host was booted.',
      'State.StartedAt; host: /proc/stat btime',
    ),
    finished: time(
      'container_finished_time_seconds',
      'When the container last ended, Unix time; absent while it runs.',
      'State.FinishedAt',
    ),
    stateCreated: inState('created'),
    stateRunning: inState('running'),
    statePaused: inState('paused'),
    stateRestarting: inState('restarting'),
    stateRemoving: inState('removing'),
    stateExited: inState('exited'),
    stateDead: inState('dead'),
    healthState: {
      metric: 'container_health_state',
      kind: 'gauge',
      unit: 'none',
      help: 'Health check: 1 healthy, 0 unhealthy, -1 no check. Absent while the check is starting, and while the container does not run.',
      source: 'State.Health.Status',
    },
    healthHealthy: { ...inHealth('healthy'), grouped: ['count'] },
    healthUnhealthy: { ...inHealth('unhealthy'), grouped: ['count'] },
    healthStarting: { ...inHealth('starting'), grouped: ['count'] },
    healthNone: inHealth('none'),
    failingStreak: {
      metric: 'container_health_failing_streak',
      kind: 'gauge',
      unit: 'none',
      help: 'Health checks failed in a row; only with a health check, while the container runs. Asked for when health changes and, while checks fail, once a minute (of at most 32 containers; the others take turns).',
      source: 'State.Health.FailingStreak',
    },
    restarts: {
      metric: 'container_restarts_total',
      kind: 'counter',
      unit: 'none',
      acrossStarts: true,
      help: 'Restarts by the restart policy since the container was last started by hand.',
      source: 'RestartCount',
    },
    exitCode: {
      metric: 'container_exit_code',
      kind: 'gauge',
      unit: 'none',
      help: 'Exit code of the last run; only while the container is exited, dead or between two runs.',
      source: 'State.ExitCode; exitCode of the die event',
    },
    oomKilled: {
      metric: 'container_oom_killed',
      kind: 'gauge',
      unit: 'none',
      help: 'Whether the engine says that a process of the last run was killed for lack of memory.',
      source: 'State.OOMKilled',
    },
  },
});

function time(metric: string, help: string, source: string): MetricDef {
  return { metric, kind: 'gauge', unit: 'seconds', help, source };
}

function inState(name: string): MetricDef {
  const help = 'Whether the container is in this state: 1 for the one it is in, 0 for the others.';
  return {
    metric: 'container_state',
    kind: 'gauge',
    unit: 'none',
    labels: { state: name },
    grouped: ['count'],
    help,
    source: 'State.Status',
  };
}

function inHealth(status: string): MetricDef {
  return {
    metric: 'container_health_status',
    kind: 'gauge',
    unit: 'none',
    labels: { status },
    help: 'Whether the health check says this: 1 for what it says, 0 for the rest; absent while the container does not run.',
    source: 'State.Health.Status',
  };
}
