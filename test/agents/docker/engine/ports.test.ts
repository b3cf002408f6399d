/** Published ports as an inspection tells them: recorded shapes of Docker's API in, the words of `docker ps` out. */
import { expect, test } from 'vitest';
import { parsePorts } from '../../../../agents/docker/engine/ports.ts';

test.each([
  // docker run -p 8080:80 -p 127.0.0.1:5432:5432 with an exposed 9000 that is not published; both families are one.
  [
    {
      NetworkSettings: {
        Ports: {
          '5432/tcp': [{ HostIp: '127.0.0.1', HostPort: '5432' }],
          '80/tcp': [
            { HostIp: '0.0.0.0', HostPort: '8080' },
            { HostIp: '::', HostPort: '8080' },
          ],
          '9000/tcp': null,
        },
      },
    },
    '127.0.0.1:5432->5432/tcp, 8080->80/tcp',
  ],
  // Stopped: what was asked for, but for what the engine picks itself.
  [
    {
      NetworkSettings: { Ports: {} },
      HostConfig: { PortBindings: { '53/udp': [{ HostIp: '', HostPort: '53' }], '80/tcp': [{ HostPort: '' }] } },
    },
    '53->53/udp',
  ],
  [{ NetworkSettings: { Ports: { '80/tcp': [{ HostIp: 'fd00::1', HostPort: '80' }] } } }, '[fd00::1]:80->80/tcp'],
  [
    { NetworkSettings: { Ports: ['80/tcp'] }, HostConfig: { PortBindings: { '80/tcp': 'x', '81/tcp': [null, 7] } } },
    '',
  ],
  [{}, ''],
])('%j', (answer, expected) => {
  expect(parsePorts(answer)).toBe(expected);
});
