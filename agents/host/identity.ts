/** What the machine is: the labels of `machine_info`. Missing or unreadable facts are left out. */
import { machine } from 'node:os';
import { join } from 'node:path';
import type { LabelPair } from '../../src/model/labels.ts';
import { readOnce } from '../kernel/files.ts';

export interface IdentityRoots {
  readonly procRoot: string;
  readonly sysRoot: string;
  /** Where the host's file system is to be seen: `/`, or `/rootfs` inside a container. */
  readonly rootfs: string;
}

export function machineIdentity({ procRoot, sysRoot, rootfs }: IdentityRoots): LabelPair[] {
  const first = (...paths: string[]): string => paths.map(lineOf).find((line) => line !== '') ?? '';
  return [
    ['machine_id', first(join(rootfs, 'etc/machine-id'), join(rootfs, 'var/lib/dbus/machine-id'))],
    // The first where there is DMI (root only), the second on ARM and POWER.
    ['system_uuid', first(join(sysRoot, 'class/dmi/id/product_uuid'), join(procRoot, 'device-tree/vm,uuid'))],
    ['boot_id', first(join(procRoot, 'sys/kernel/random/boot_id'))],
    ['kernel', first(join(procRoot, 'sys/kernel/osrelease'))],
    ['os', osName(textOf(join(rootfs, 'etc/os-release')))],
    // The file is there since Linux 6.1; before that the agent's own machine, which is the same one.
    ['architecture', first(join(procRoot, 'sys/kernel/arch')) || machine()],
  ];
}

/** `PRETTY_NAME` of an os-release file, without its quotes; '' when there is none. */
export function osName(text: string): string {
  const match = /^PRETTY_NAME=(?:"([^"\n]*)"|'([^'\n]*)'|([^"'\n]*))\s*$/m.exec(text);
  return match?.[1] ?? match?.[2] ?? match?.[3] ?? '';
}

function lineOf(path: string): string {
  return textOf(path).split('\n', 1)[0]?.replaceAll('\0', '').trim() ?? '';
}

function textOf(path: string): string {
  return readOnce(path)?.toString('utf8') ?? '';
}
