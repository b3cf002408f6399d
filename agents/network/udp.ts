/** Source `udp`: UDP sockets, what waits in them and what they dropped, per network namespace. Off by default. */
import { udp } from '../../src/catalog/udp.ts';
import { Lines } from '../kernel/lines.ts';
import { createSocketSource, type SocketOptions, type SocketSource, type Tally } from './sockets.ts';

type UdpKey = keyof typeof udp.at;

export function createUdpSource(options: SocketOptions): SocketSource {
  const tables = { udp: () => udpTally(''), udp6: () => udpTally('6') };
  return createSocketSource({ name: 'udp', family: udp, tables }, options);
}

/** A UDP socket that is not connected has the number of TCP's "close". */
const UNCONNECTED = '07';

/** `00000000:00000280`: sent and not gone first, received and not read second. */
const QUEUES = /^([0-9A-F]{8,16}):([0-9A-F]{8,16})$/;

/**
 * Lines are `  137: 00000000:0035 00000000:0000 07 00000000:00000280 00:00000000 00000000 101 0 18083 2 0000000000000000 5`: state, queues,
 * timer, retransmits, uid, timeout, inode, references, address, drops.
 */
export function udpTally(suffix: '' | '6'): Tally<UdpKey> {
  let listen = 0;
  let dropped = 0;
  let rxqueued = 0;
  let txqueued = 0;
  return {
    take(piece) {
      const lines = new Lines(piece);
      while (lines.next()) {
        const state = lines.skip(3).word();
        const queues = QUEUES.exec(lines.word());
        const drops = lines.skip(7).number();
        if (!queues || Number.isNaN(drops)) continue;
        if (state === UNCONNECTED) listen++;
        txqueued += Number.parseInt(queues[1] as string, 16);
        rxqueued += Number.parseInt(queues[2] as string, 16);
        dropped += drops;
      }
    },
    cells: () => ({
      [`listen${suffix}`]: listen,
      [`dropped${suffix}`]: dropped,
      [`rxqueued${suffix}`]: rxqueued,
      [`txqueued${suffix}`]: txqueued,
    }),
  };
}
