/** All series that an agent must show of one moment, by their names; each knows whose it is. */
import { join } from 'node:path';
import { putCgroup } from './cgroups.mjs';
import { putLimits, putMachine, putNetwork, putState, putTcpCounters } from './rest.mjs';
import { seriesName, wordsOf } from './text.mjs';

/** From series name to `{ metric, labels, value, owner }`; the owner is a container of the moment, or undefined for the machine. */
export function expectedSeries(moment) {
  const { version, proc, timeMs, containers } = moment;
  const series = new Map();
  const putter =
    (owner, own) =>
    (metric, value, more = {}) => {
      if (value === undefined) return;
      if (Number.isNaN(value)) throw new Error(`${metric} of ${own.name ?? 'the machine'} is not a number`);
      const labels = { ...own, ...more };
      series.set(seriesName(metric, labels), { metric, labels, value, owner, own: more });
    };
  const devices = new Map(
    wordsOf(join(proc, 'diskstats')).map(([major, minor, name]) => [`${major}:${minor}`, `/dev/${name}`]),
  );
  for (const container of containers) {
    const put = putter(container, container.labels);
    putState(container, timeMs, put);
    putCgroup(container, version, devices, put);
    if (container.pid === 0) continue;
    if (container.folder(version === 'v1' ? 'memory' : '')) putLimits(join(proc, String(container.pid), 'limits'), put);
    const mode = container.inspect.HostConfig.NetworkMode;
    if (mode === 'host' || mode.startsWith('container:')) continue;
    const device = join(proc, String(container.pid), 'net/dev');
    putNetwork(device, insideOf(device), put);
    putTcpCounters(join(proc, String(container.pid), 'net/snmp'), put);
  }
  const put = putter(undefined, { id: '/' });
  putMachine(moment, put);
  // The other end of a container's interface is that container's, and the engine's bridge between them only passes it on.
  const notOurs = [LOOPBACK, CABLE, BRIDGE, DETOUR];
  putNetwork(join(proc, '1/net/dev'), (name) => !notOurs.some((pattern) => pattern.test(name)), put);
  putTcpCounters(join(proc, '1/net/snmp'), put);
  return series;
}

const LOOPBACK = /^lo$/;
const CABLE = /^veth/;
const BRIDGE = /^(docker|nerdctl|br-[0-9a-f]{12}$)/;
/** Packets are led through it on their way to the card. */
const DETOUR = /^ifb\d+$/;

/** In a container cables give way to anything else, and an engine's bridges to anything but cables. */
function insideOf(file) {
  const names = wordsOf(file)
    .filter(([first]) => first.includes(':'))
    .map(([first]) => first.split(':')[0]);
  const outside = names.filter((name) => !LOOPBACK.test(name) && !CABLE.test(name));
  const plain = outside.filter((name) => !BRIDGE.test(name));
  const counted = [plain, outside, names].find((some) => some.length > 0) ?? [];
  return (name) => !LOOPBACK.test(name) && counted.includes(name);
}
