/** What a command writes, kept: streams to hand to it, and what they were given. */
import { Writable } from 'node:stream';

export function keepSaid() {
  const said = { out: '', err: '' };
  const into = (key: 'out' | 'err') =>
    new Writable({
      write(bytes: Buffer, _, done) {
        said[key] += bytes.toString();
        done();
      },
    });
  return { said, out: into('out'), err: into('err') };
}
