/** Series → one message of remote-write 1.0, for servers that questions are compared with. Small and plain: no encoder of ours is in the comparison. */
import { compress } from 'snappyjs';
import type { LabelPair } from '../../src/model/labels.ts';

export interface Written {
  readonly labels: readonly LabelPair[];
  readonly samples: readonly { readonly ms: number; readonly value: number | 'stale' }[];
}

/** The NaN that says that a series has ended. */
const STALE = Buffer.from('020000000000f07f', 'hex');

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

function pair([name, value]: LabelPair): Buffer {
  return field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))]));
}

function sample({ ms, value }: Written['samples'][number]): Buffer {
  const double = Buffer.alloc(8);
  if (value === 'stale') STALE.copy(double);
  else double.writeDoubleLE(value);
  return field(2, Buffer.concat([Buffer.from([0x09]), double, Buffer.from([0x10]), varint(ms)]));
}

export function writeRequest(series: readonly Written[]): Uint8Array {
  const parts = series.map(({ labels, samples }) => {
    const sorted = [...labels].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1));
    return field(1, Buffer.concat([...sorted.map(pair), ...samples.map(sample)]));
  });
  return compress(new Uint8Array(Buffer.concat(parts)));
}

export async function remoteWrite(url: string, series: readonly Written[]): Promise<void> {
  const answer = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    body: writeRequest(series),
    headers: {
      'content-encoding': 'snappy',
      'content-type': 'application/x-protobuf',
      'x-prometheus-remote-write-version': '0.1.0',
    },
  });
  if (!answer.ok) throw new Error(`remote-write: HTTP ${answer.status}: ${await answer.text()}`);
}
