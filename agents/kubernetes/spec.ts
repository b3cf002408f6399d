/**
 * The runtime's `config.json` of one container (OCI runtime specification): bytes come in, the few fields go out that say who it is and what it
 * may use. The file holds the container's environment and arguments, secrets among them: nothing of those is ever taken, and the bytes are
 * wiped as soon as they are parsed.
 */
import { field, listField, numberField, textField, textMapField } from '../../src/http/field.ts';
import { systemdPath } from '../docker/place.ts';
import type { CriLimits } from './record.ts';

export interface Spec {
  readonly annotations: ReadonlyMap<string, string>;
  /** From the hierarchy's root. */
  readonly cgroupPath: string;
  readonly hostNetwork: boolean;
  readonly hostname: string;
  readonly limits: CriLimits;
}

/** Undefined while it is not whole, or is no such file. Wipes the bytes. */
export function parseSpec(bytes: Buffer): Spec | undefined {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    // Being written: whoever asks tries again.
    return undefined;
  } finally {
    bytes.fill(0);
  }
  const linux = field(json, 'linux');
  if (linux === undefined) return undefined;
  return {
    annotations: textMapField(json, 'annotations'),
    cgroupPath: spelt(textField(linux, 'cgroupsPath') ?? ''),
    hostNetwork: !listField(linux, 'namespaces').some((namespace) => textField(namespace, 'type') === 'network'),
    hostname: textField(json, 'hostname') ?? '',
    limits: limitsOf(field(linux, 'resources')),
  };
}

/** `slice:prefix:name`, systemd's short form, as the path that systemd makes of it. */
function spelt(path: string): string {
  const [slice = '', prefix = '', name = ''] = path.split(':');
  if (name === '') return path;
  return `${systemdPath(slice)}/${prefix === '' ? name : `${prefix}-${name}`}.scope`;
}

function limitsOf(resources: unknown): CriLimits {
  const cpu = field(resources, 'cpu');
  const memory = field(resources, 'memory');
  const positive = (of: unknown, key: string): number => Math.max(0, numberField(of, key) ?? 0);
  return {
    cpuQuota: positive(cpu, 'quota'),
    cpuPeriod: positive(cpu, 'period'),
    cpuShares: positive(cpu, 'shares'),
    memory: positive(memory, 'limit'),
    memoryAndSwap: positive(memory, 'swap'),
    memoryReservation: positive(memory, 'reservation'),
  };
}
