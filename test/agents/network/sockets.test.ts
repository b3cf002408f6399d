import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished, describe, expect, test } from 'vitest';
import { createAdvtcpSource, parseCounters } from '../../../agents/network/advtcp.ts';
import { createTcpSource, tcpTally } from '../../../agents/network/tcp.ts';
import { createUdpSource, udpTally } from '../../../agents/network/udp.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { recordedHost } from '../../support/fixture.ts';
import { container, fakeProc, HOST, readOf, rowsOf } from '../reading.ts';

const TCP_HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const tcpLine = (state: string, i = 0): string =>
  `${String(i).padStart(4)}: 0100007F:1F90 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 1234 1 0000000000000000 100 0 0 10 0\n`;

const UDP_HEADER =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n';
/** A receiver that nobody reads from, with 0xa80 bytes waiting and 5 datagrams dropped; and a connected sender with 0x300 bytes to go. */
const UDP = `${UDP_HEADER}  137: 00000000:0035 00000000:0000 07 00000000:00000A80 00:00000000 00000000   101        0 18083 2 0000000000000000 5
 3079: 0100007F:C001 0100007F:0035 01 00000300:00000000 00:00000000 00000000  1000        0 18090 2 0000000000000000 2\n`;

describe('tcp', () => {
  test('every state of the kernel under its name', () => {
    const states = ['01', '02', '03', '04', '05', '06', '07', '08', '09', '0A', '0B'];
    const tally = tcpTally('');
    // The first once, the second twice …; 0C is a half-open connection, which is synrecv too.
    tally.take(
      Buffer.from(
        TCP_HEADER + states.flatMap((state, i) => Array(i + 1).fill(tcpLine(state))).join('') + tcpLine('0C'),
      ),
    );
    expect(tally.cells()).toEqual({
      established: 1,
      synsent: 2,
      synrecv: 3 + 1,
      finwait1: 4,
      finwait2: 5,
      timewait: 6,
      close: 7,
      closewait: 8,
      lastack: 9,
      listen: 10,
      closing: 11,
    });
  });

  test('lines that are none are passed over', () => {
    const tally = tcpTally('');
    tally.take(Buffer.from(`${TCP_HEADER}\n0: a b\n1: a b 0A\n2: a b FF\n3: a b 1\n4: a b zz\n`));
    expect(tally.cells()).toMatchObject({ listen: 1, established: 0 });
  });

  test('a table of many pieces is counted whole, IPv4 and IPv6 apart', async () => {
    // 5000 lines of 150 bytes are 12 pieces of 64 KiB.
    const many = Array.from({ length: 5000 }, (_, i) => tcpLine(i % 5 === 0 ? '0A' : '01', i)).join('');
    const procRoot = fakeProc({ '11/net/tcp': TCP_HEADER + many, '11/net/tcp6': TCP_HEADER + tcpLine('06') });
    const source = createTcpSource({ procRoot, containers: () => [container('web', { pid: 11 })], clock: systemClock });
    expect(rowsOf(await readOf(source), 'tcp')[0]).toMatchObject({
      of: 'web',
      established: 4000,
      listen: 1000,
      timewait: 0,
      timewait6: 1,
      listen6: 0,
    });
  });

  test('without IPv6 its numbers are absent, not zero', async () => {
    const procRoot = fakeProc({ '11/net/tcp': TCP_HEADER });
    const source = createTcpSource({ procRoot, containers: () => [container('web', { pid: 11 })], clock: systemClock });
    const [row] = rowsOf(await readOf(source), 'tcp');
    expect(row).toMatchObject({ established: 0 });
    expect(row).not.toHaveProperty('established6');
  });

  test('what the budget does not suffice for is absent and counted', async () => {
    const procRoot = fakeProc({ '11/net/tcp': TCP_HEADER + tcpLine('0A') });
    let now = 0;
    const clock = { ...systemClock, monotonic: () => (now += 1000) };
    const source = createTcpSource({
      procRoot,
      containers: () => [container('web', { pid: 11 })],
      clock,
      budgetMs: 500,
    });
    expect(rowsOf(await readOf(source), 'tcp')).toEqual([]);
    expect(source.losses.get('budget')).toBe(1);
  });

  test('this machine: a listener and a connection more or less are seen', async () => {
    const source = createTcpSource({
      procRoot: '/proc',
      containers: () => [container('self', { pid: process.pid })],
      clock: systemClock,
    });
    const count = async () => rowsOf(await readOf(source), 'tcp')[0] as { established: number };
    const before = await count();
    const close = await connections(10);
    const during = await count();
    // Each connection has two ends on this machine. Others may come and go, but not ten of them just now.
    expect(during.established - before.established).toBeGreaterThanOrEqual(15);
    close();
  });
});

describe('udp', () => {
  test('the second of the two queues is what was received: rx and tx are not swapped', () => {
    const tally = udpTally('');
    tally.take(Buffer.from(UDP));
    // 0xA80 = 2688 received and unread, 0x300 = 768 to be sent; 5 + 2 dropped; one of the two sockets is not connected.
    expect(tally.cells()).toEqual({ listen: 1, rxqueued: 2688, txqueued: 768, dropped: 7 });
  });

  test('per namespace, IPv6 under its own name; the host too', async () => {
    const procRoot = fakeProc({ '1/net/udp': UDP, '11/net/udp': UDP_HEADER, '11/net/udp6': UDP });
    const source = createUdpSource({
      procRoot,
      containers: () => [container('web', { pid: 11 })],
      host: HOST,
      clock: systemClock,
    });
    expect(rowsOf(await readOf(source), 'udp')).toEqual([
      { of: '/', listen: 1, rxqueued: 2688, txqueued: 768, dropped: 7 },
      {
        of: 'web',
        listen: 0,
        rxqueued: 0,
        txqueued: 0,
        dropped: 0,
        listen6: 1,
        rxqueued6: 2688,
        txqueued6: 768,
        dropped6: 7,
      },
    ]);
  });
});

describe('advtcp', () => {
  test('names and numbers of one protocol; what is negative is left out', () => {
    const text = 'Ip: Forwarding\nIp: 1\nTcp: RtoMin MaxConn RetransSegs InErrs\nTcp: 200 -1 7 0\nTcpExt: X\n';
    expect([...parseCounters(Buffer.from(text), 'Tcp:')]).toEqual([
      ['rtomin', 200],
      ['retranssegs', 7],
      ['inerrs', 0],
    ]);
    expect([...parseCounters(Buffer.from(text), 'TcpExt:')]).toEqual([]);
  });

  test('the recorded db container: the counters of Tcp, without its constants and its gauge', async () => {
    const { procRoot } = recordedHost('v1', 't0');
    const source = createAdvtcpSource({
      procRoot,
      containers: () => [container('db', { pid: 31830 })],
      clock: systemClock,
    });
    const found = rowsOf(await readOf(source), 'advtcp');
    // t0/proc/31830/net/snmp; RtoAlgorithm RtoMin RtoMax MaxConn and CurrEstab are left out.
    expect(found.map((row) => row.tcp_state)).toEqual([
      'activeopens',
      'passiveopens',
      'attemptfails',
      'estabresets',
      'insegs',
      'outsegs',
      'retranssegs',
      'inerrs',
      'outrsts',
      'incsumerrors',
    ]);
    expect(found.every((row) => row.count === 0)).toBe(true);
  });
});

/** `n` connections over loopback; the answer closes them. */
async function connections(n: number): Promise<() => void> {
  const accepted: Socket[] = [];
  const server: Server = createServer((socket) => accepted.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const sockets = await Promise.all(
    Array.from(
      { length: n },
      () =>
        new Promise<Socket>((resolve) => {
          const socket = connect(port, '127.0.0.1', () => resolve(socket));
        }),
    ),
  );
  const close = (): void => {
    for (const socket of [...sockets, ...accepted]) socket.destroy();
    server.close();
  };
  onTestFinished(close);
  return close;
}
