/** Source `tcp`: TCP sockets by state, per network namespace. Off by default. */
import { TCP_STATES, type TcpState, tcp } from '../../src/catalog/tcp.ts';
import { Lines } from '../kernel/lines.ts';
import { createSocketSource, type SocketOptions, type SocketSource, type Tally } from './sockets.ts';

type TcpKey = keyof typeof tcp.at;

export function createTcpSource(options: SocketOptions): SocketSource {
  const tables = { tcp: () => tcpTally(''), tcp6: () => tcpTally('6') };
  return createSocketSource({ name: 'tcp', family: tcp, tables }, options);
}

/** A socket that waits for the last part of the handshake has a number of its own since Linux 4.1: it is `synrecv` too. */
const NEW_SYN_RECV = 12;
const SYN_RECV = 3;

/**
 * Lines are `   0: 0100007F:0277 00000000:0000 0A 00000000:00000000 …`: the fourth word is the state, in hexadecimal. What does not
 * look like that, as the header does not, is passed over.
 */
export function tcpTally(suffix: '' | '6'): Tally<TcpKey> {
  const counts = new Map<TcpState, number>(TCP_STATES.map((state) => [state, 0]));
  return {
    take(piece) {
      const lines = new Lines(piece);
      while (lines.next()) {
        const word = lines.skip(3).word();
        if (!/^[0-9A-F]{2}$/.test(word)) continue;
        const number = Number.parseInt(word, 16);
        const state = TCP_STATES[(number === NEW_SYN_RECV ? SYN_RECV : number) - 1];
        if (state) counts.set(state, (counts.get(state) ?? 0) + 1);
      }
    },
    cells: () => Object.fromEntries([...counts].map(([state, count]) => [`${state}${suffix}`, count])),
  };
}
