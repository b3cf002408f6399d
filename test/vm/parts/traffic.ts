/** A known number of bytes to a disk, and from one container to another. */
import { transfer, writer } from '../../support/containers.ts';
import { valueIn } from '../exposition.ts';
import { sideBySide } from '../sidebyside.ts';
import type { Stage } from '../stage.ts';

export async function io({ docker, report, watch }: Stage): Promise<void> {
  const plimsoll = await watch({});
  const container = await writer(docker, { name: 'writer', mebibytes: 8 });
  await container.done();
  const samples = await plimsoll.after('writer');
  const bytes = valueIn(samples, 'container_fs_writes_bytes_total', { name: 'writer', device: '/dev/vda' });
  report.within('writer: bytes on /dev/vda', bytes, [container.bytes, container.bytes + 1024 * 1024]);
  await sideBySide(report, plimsoll, container);
}

export async function network({ docker, report, watch }: Stage): Promise<void> {
  const plimsoll = await watch({});
  const { sender, receiver, bytes, done } = await transfer(docker, { name: 'net', mebibytes: 4 });
  await done();
  const samples = await plimsoll.after(receiver.name);
  const received = valueIn(samples, 'container_network_receive_bytes_total', {
    name: receiver.name,
    interface: 'eth0',
  });
  report.within('net: bytes received', received, [bytes, bytes * 1.06]);
  await sideBySide(report, plimsoll, sender);
  await sideBySide(report, plimsoll, receiver);
}
