/**
 * The few calls of the Container Runtime Interface (kubernetes/cri-api, runtime.v1) that a kubelet makes for a pod, over containerd's socket: gRPC by `node:http2`, messages
 * written by field number.
 */
import http2 from 'node:http2';
import net from 'node:net';

/** A message: its fields, by number. A Map is a `map<string, string>`, a list a repeated field. */
export type Message = readonly (readonly [field: number, value: Value])[];
type Value = string | number | Message | ReadonlyMap<string, string> | readonly string[];

export interface Cri {
  /** Answers the text of the answer's first field (an id), or ''. */
  call(method: string, request: Message): Promise<string>;
  close(): void;
}

export function connectCri(socket: string): Cri {
  const session = http2.connect('http://localhost', { createConnection: () => net.connect(socket) });
  session.on('error', () => undefined);
  return {
    async call(method, request) {
      const body = encode(request);
      const head = Buffer.alloc(5);
      head.writeUInt32BE(body.length, 1);
      const stream = session.request({
        ':method': 'POST',
        ':path': `/runtime.v1.RuntimeService/${method}`,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      let status = 'no status';
      const take = (headers: http2.IncomingHttpHeaders): void => {
        const code = headers['grpc-status'];
        if (code !== undefined)
          status = code === '0' ? '' : decodeURIComponent(String(headers['grpc-message'] ?? code));
      };
      stream.on('response', take);
      stream.on('trailers', take);
      stream.end(Buffer.concat([head, body]));
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      if (status !== '') throw new Error(`${method}: ${status}`);
      return firstText(Buffer.concat(chunks).subarray(5));
    },
    close: () => session.destroy(),
  };
}

function encode(message: Message): Buffer {
  const parts: Buffer[] = [];
  for (const [field, value] of message) {
    if (typeof value === 'number') parts.push(varint(field * 8), varint(value));
    else for (const bytes of bytesOf(value)) parts.push(varint(field * 8 + 2), varint(bytes.length), bytes);
  }
  return Buffer.concat(parts);
}

function bytesOf(value: Exclude<Value, number>): Buffer[] {
  if (typeof value === 'string') return [Buffer.from(value)];
  if (value instanceof Map) {
    return [...(value as ReadonlyMap<string, string>)].map(([key, text]) =>
      encode([
        [1, key],
        [2, text],
      ]),
    );
  }
  const list = value as readonly unknown[];
  if (list.every((item) => typeof item === 'string') && list.length > 0)
    return (list as string[]).map((s) => Buffer.from(s));
  return [encode(value as Message)];
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function firstText(bytes: Buffer): string {
  return bytes.length > 2 && bytes[0] === 10 ? bytes.subarray(2, 2 + (bytes[1] as number)).toString('utf8') : '';
}
