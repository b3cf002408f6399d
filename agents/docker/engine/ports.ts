/** Which ports of a container are published on its host, as an inspection tells: `8080->80/tcp, 127.0.0.1:5432->5432/tcp`, as `docker ps` writes them. */
import { field, listField, textField } from '../../../src/http/field.ts';

/** All addresses of the host, in both families: said by saying none. */
const ANYWHERE = new Set(['', '0.0.0.0', '::', '*']);

/** `answer` is an inspection's. Of a container that does not run the ports that were asked for; those that the engine picks are known once it does. */
export function parsePorts(answer: unknown): string {
  const running = published(field(field(answer, 'NetworkSettings'), 'Ports'));
  const all = running.length > 0 ? running : published(field(field(answer, 'HostConfig'), 'PortBindings'));
  return [...new Set(all)].join(', ');
}

function published(ports: unknown): string[] {
  if (typeof ports !== 'object' || ports === null || Array.isArray(ports)) return [];
  return Object.keys(ports).flatMap((port) =>
    listField(ports, port).flatMap((binding) => {
      const [ip = '', host = ''] = [textField(binding, 'HostIp'), textField(binding, 'HostPort')];
      if (host === '' || host === '0') return [];
      return `${ANYWHERE.has(ip) ? '' : `${ip.includes(':') ? `[${ip}]` : ip}:`}${host}->${port}`;
    }),
  );
}
