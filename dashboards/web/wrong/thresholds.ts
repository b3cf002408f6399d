/** From when on something is wrong: the same numbers as those of the alerts (dashboards/prometheus/thresholds.rules.yml; a test compares them). */

export const THRESHOLDS = {
  memory: 0.85,
  throttling: 0.25,
  cpu: 0.9,
  pids: 0.85,
  pressure_memory: 0.1,
  pressure_io: 0.3,
  restarts: 4,
  host_overcommitted: 1,
  host_available: 0.15,
  host_pressure_memory: 0.1,
  host_pressure_io: 0.4,
  host_pressure_cpu: 0.8,
  agent_silent: 120,
  queue: 30,
  clock: 5,
} as const;

export type ThresholdName = keyof typeof THRESHOLDS;

/** Which label of a container sets which threshold, and what one unit in it is; as in the alerts' README. */
const OF_LABEL: Partial<Record<ThresholdName, readonly [label: string, unit: number]>> = {
  memory: ['memory', 0.01],
  throttling: ['throttling', 0.01],
  cpu: ['cpu', 0.01],
  pids: ['pids', 0.01],
  pressure_memory: ['pressure', 0.01],
  pressure_io: ['pressure', 0.01],
  restarts: ['restarts', 1],
};

/** Of one container: its own label wins; undefined where that says `off`. What is no number there counts as not said. */
export function thresholdOf(
  name: ThresholdName,
  alerts: Readonly<Record<string, string>> | undefined,
): number | undefined {
  const [label, unit] = OF_LABEL[name] ?? ['', 1];
  const own = alerts !== undefined && Object.hasOwn(alerts, label) ? (alerts[label] as string) : '';
  if (own === 'off') return undefined;
  const number = /^(\d{1,3})%?$/.exec(own)?.[1];
  return number === undefined ? THRESHOLDS[name] : Number(number) * unit;
}
