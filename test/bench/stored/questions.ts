/** What the benches of a filled store ask it and others, over HTTP: as dashboards and alerts ask. */
import { HOURS, START_MS, TICK_MS, WINDOWS } from './windows.ts';

const CPU = 'container_cpu_usage_seconds_total';
const RX = 'container_network_receive_bytes_total';
const TX = 'container_network_transmit_bytes_total';
const MEMORY = 'container_memory_working_set_bytes';
const SERVICE = 'container_label_com_docker_compose_service';
const ONE = 'name="shop-service7-7",node="node-0"';

/** Range of hours and step in seconds; none: an instant. As dashboards and alerts ask. */
export const QUESTIONS: readonly (readonly [query: string, hours?: number, step?: number])[] = [
  [`sum(rate(${CPU}[5m]))`],
  [`topk(5, rate(${CPU}[5m]))`],
  [`${MEMORY} / container_memory_usage_bytes > 0.8`],
  [`sum by (name) (rate(${CPU}[1m]))`, 1, 15],
  [`sum by (${SERVICE}) (rate(${RX}[5m]))`, 6, 60],
  [`sum(${MEMORY})`, 8, 60],
  [`sum by (${SERVICE}) (rate(${CPU}[5m]))`, 8, 60],
  [`${MEMORY}{${ONE}}`, 1, 15],
  [`rate(${CPU}{${ONE}}[1m])`, 8, 30],
  [`max_over_time(${MEMORY}{${SERVICE}="service3"}[10m])`, 8, 300],
  [`topk(5, sum by (name) (rate(${TX}[5m])))`, 6, 120],
  [`{${ONE}}`, 1, 15],
];

export interface Question {
  readonly query: string;
  readonly hours: number | undefined;
  readonly step: number | undefined;
}

export function addressOf(url: string, { query, hours, step }: Question): string {
  const end = (START_MS + WINDOWS * TICK_MS) / 1000 - 5;
  const q = `query=${encodeURIComponent(query)}&nocache=1`;
  if (hours === undefined) return `${url}/api/v1/query?${q}&time=${end}`;
  return `${url}/api/v1/query_range?${q}&start=${end - Math.min(hours, HOURS) * 3600}&end=${end}&step=${step}`;
}

/** Series, points and their sum, which is enough to see that two answers are of the same data. */
export function digest(text: string): string {
  const { data } = JSON.parse(text) as { data: { result: { value?: Point; values?: Point[] }[] } };
  const points = data.result.flatMap(({ value, values }) => values ?? (value === undefined ? [] : [value]));
  const sum = points.reduce((all, [, value]) => all + Number(value), 0);
  return `${data.result.length}/${points.length}/${sum.toPrecision(5)}`;
}

type Point = readonly [time: number, value: string];
