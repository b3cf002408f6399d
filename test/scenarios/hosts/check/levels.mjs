/**
 * What the levels must show of the three windows, worked out from the containers' series in the plainest way: a loop over groups, over
 * metrics, over members. Each moment lies in a window of its own.
 */
import { seriesName } from './text.mjs';

const LABEL = 'container_label_';
const LEVELS = {
  service: { project: `${LABEL}com_docker_compose_project`, service: `${LABEL}com_docker_compose_service` },
  pod: { namespace: `${LABEL}io_kubernetes_pod_namespace`, pod: `${LABEL}io_kubernetes_pod_name` },
  namespace: { namespace: `${LABEL}io_kubernetes_pod_namespace` },
  node: { node: 'node' },
  cluster: { cluster: 'cluster' },
};

/** What a level's names begin with. */
export const PREFIXES = {
  ...Object.fromEntries(Object.keys(LEVELS).map((name) => [name, name])),
  node: 'node_containers',
};

/** For each moment a map from series name to value. `place` is `{ node, cluster }`. */
export function expectedLevels(moments, families, place) {
  const totals = new Map();
  return moments.map((moment, m) => {
    const found = new Map();
    const before = moments[m - 1];
    for (const level of Object.keys(LEVELS)) {
      const add = (metric, labels, value) => found.set(seriesName(`${PREFIXES[level]}_${metric}`, labels), value);
      for (const { labels, members } of groupsOf(moment, level, place)) {
        found.set(seriesName(`${level}_containers`, labels), members.length);
        // One host was recorded.
        if (level !== 'node') found.set(seriesName(`${level}_nodes`, labels), 1);
        const put = (metric, more, value) => add(metric, { ...labels, ...more }, value);
        for (const family of families.values()) {
          putFamily({ group: JSON.stringify([level, labels]), family, members, moment, before, totals }, put);
        }
      }
    }
    return found;
  });
}

function groupsOf({ containers }, level, place) {
  const groups = new Map();
  for (const container of containers) {
    const of = { ...container.labels, ...place };
    const labels = Object.fromEntries(Object.entries(LEVELS[level]).map(([as, from]) => [as, of[from]]));
    if (Object.values(labels).includes(undefined)) continue;
    const key = JSON.stringify(labels);
    if (!groups.has(key)) groups.set(key, { labels, members: [] });
    groups.get(key).members.push(container.inspect.Id);
  }
  return groups.values();
}

function putFamily(context, add) {
  const { family } = context;
  for (const column of family.metrics) {
    const stem = column.metric.replace('container_', '');
    // cAdvisor's cpu="total" says nothing of a group.
    const fixed = Object.values(column.labels).join() === 'total' ? {} : column.labels;
    const { groups } = column;
    if (groups.includes('total')) putTotal(context, column, (value) => add(stem, fixed, value));
    if (groups.includes('max_ratio'))
      putWorst(context, column, (value) => add(stem.replace('_seconds_total', '_max_ratio'), fixed, value));
    const values = context.members
      .map((id) => seriesOf(context.moment, id, column).map(({ value }) => value))
      .filter(({ length }) => length > 0);
    if (values.length === 0) continue;
    const sum = values.flat().reduce((a, b) => a + b, 0);
    // A state is 1 or 0: how many are in it is their sum.
    if (groups.includes('sum') || groups.includes('count')) add(stem, fixed, sum);
    if (groups.includes('avg')) add(`${stem}_avg`, fixed, sum / values.length);
    if (groups.includes('max')) add(`${stem}_max`, fixed, Math.max(...values.flat()));
  }
  for (const stem of family.ratios) putRatio(context, (value) => add(stem, {}, value), stem);
}

/** A container's series of one column: several where it has interfaces or devices. */
function seriesOf(moment, id, { metric, labels }) {
  return (moment.byOwner.get(id) ?? []).filter(
    (one) => one.metric === metric && Object.entries(labels).every(([name, value]) => one.own[name] === value),
  );
}

/** A counter of a group: what its members' counters grew by since the first window, and never less than before. */
function putTotal({ group, members, moment, before, totals }, column, add) {
  let seen = false;
  const key = JSON.stringify([group, column.metric, column.labels]);
  let total = totals.get(key) ?? 0;
  for (const id of members) {
    for (const one of seriesOf(moment, id, column)) {
      seen = true;
      total += increase(one, { moment, before, id });
    }
  }
  totals.set(key, total);
  if (seen || totals.has(`${key} shown`)) add(total);
  if (seen) totals.set(`${key} shown`, 1);
}

/** The most that a member lost in each second between its readings, or since its start where this is the first. */
function putWorst({ members, moment, before }, column, add) {
  if (before === undefined) return;
  const shares = members.flatMap((id) =>
    seriesOf(moment, id, column).flatMap((one) => {
      const since = seriesBefore(one, { before, id }) === undefined ? startOf(moment, id) : before.timeMs;
      return since < before.timeMs ? [] : [increase(one, { moment, before, id }) / ((moment.timeMs - since) / 1000)];
    }),
  );
  if (shares.length > 0) add(Math.max(...shares));
}

function seriesBefore({ metric, own }, { before, id }) {
  const name = seriesName(metric, own);
  return (before.byOwner.get(id) ?? []).find((one) => seriesName(one.metric, one.own) === name);
}

function increase({ metric, own, value }, { moment, before, id }) {
  if (before === undefined) return 0;
  const last = seriesBefore({ metric, own }, { before, id });
  const startedMs = startOf(moment, id);
  // The engine's count of restarts goes on when the container is started; all others begin at zero then, and all of it is new.
  if (startedMs > before.timeMs && (metric !== 'container_restarts_total' || last === undefined)) return value;
  // Nobody has read it before, and it was there already: where to count from is known only now.
  if (last === undefined) return 0;
  return Math.max(0, value - last.value);
}

const startOf = ({ containers }, id) =>
  Date.parse(containers.find(({ inspect }) => inspect.Id === id).inspect.State.StartedAt);

const RATIOS = {
  memory_limit_utilization_ratio: ['container_memory_working_set_bytes', 'container_spec_memory_limit_bytes'],
  memory_limit_utilization_max_ratio: ['container_memory_working_set_bytes', 'container_spec_memory_limit_bytes'],
  pids_limit_utilization_ratio: ['container_threads', 'container_threads_max'],
  cpu_limit_utilization_ratio: ['container_cpu_usage_seconds_total', 'container_spec_cpu_limit_cores'],
  // No container of these hosts is of a pod.
  cpu_request_utilization_ratio: ['container_cpu_usage_seconds_total', 'container_spec_cpu_request_cores'],
  memory_request_utilization_ratio: ['container_memory_working_set_bytes', 'container_spec_memory_request_bytes'],
};

/** What the members that have both use together, over what they may use together. Of CPU time, the cores used since the last window. */
function putRatio({ members, moment, before }, add, stem) {
  const [used, allowed] = RATIOS[stem];
  let [usedSum, allowedSum, nearest] = [0, 0, 0];
  for (const id of members) {
    const [of] = seriesOf(moment, id, { metric: used, labels: {} });
    const [against] = seriesOf(moment, id, { metric: allowed, labels: {} });
    if (of === undefined || against === undefined) continue;
    if (stem.startsWith('cpu') && before === undefined) continue;
    const cores = () => increase(of, { moment, before, id }) / ((moment.timeMs - before.timeMs) / 1000);
    usedSum += stem.startsWith('cpu') ? cores() : of.value;
    allowedSum += against.value;
    nearest = Math.max(nearest, of.value / against.value);
  }
  if (allowedSum > 0) add(stem.endsWith('_max_ratio') ? nearest : usedSum / allowedSum);
}
