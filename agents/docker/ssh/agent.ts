/** HTTP over ssh: an agent of Node's HTTP client whose sockets are channels of one connection, kept for further requests like any other. */
import { Agent } from 'node:http';
import { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { Endpoint } from '../engine/endpoint.ts';
import { endFailure } from './failure.ts';
import { type SshLink, sshLink } from './link.ts';

/** sshd allows ten sessions on a connection unless told otherwise; further requests wait for one to be free. */
const MAX_CHANNELS = 8;
/** A program runs at the other end of each: what a round of stats uses stays, besides the events. */
const MAX_IDLE_CHANNELS = 4;
/** Of what the command says on its error output. */
const MAX_SAID = 500;

export function sshAgent(endpoint: Endpoint): Agent {
  return new SshAgent(endpoint);
}

class SshAgent extends Agent {
  readonly #endpoint: Endpoint;
  readonly #link: SshLink;

  constructor(endpoint: Endpoint) {
    super({ keepAlive: true, maxSockets: MAX_CHANNELS, maxFreeSockets: MAX_IDLE_CHANNELS });
    this.#endpoint = endpoint;
    this.#link = sshLink(endpoint);
  }

  /** A socket at once, connected later: sockets that came later were not counted by the agent until then. */
  override createConnection(): Duplex {
    return new ChannelSocket(this.#link, this.#endpoint);
  }

  override destroy(): void {
    super.destroy();
    this.#link.close();
  }
}

/** A channel as the HTTP client wants it: what is written before it is open waits, and when it is destroyed it is over at once. */
class ChannelSocket extends Duplex {
  readonly #link: SshLink;
  readonly #endpoint: Endpoint;
  #channel: ClientChannel | undefined;

  constructor(link: SshLink, endpoint: Endpoint) {
    super({ allowHalfOpen: false });
    this.#link = link;
    this.#endpoint = endpoint;
  }

  override _construct(done: (error?: Error) => void): void {
    this.#link.channel().then((channel) => {
      this.#take(channel);
      done();
    }, done);
  }

  override _read(): void {
    this.#channel?.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#channel?.write(chunk, encoding, done);
  }

  override _final(done: () => void): void {
    this.#channel?.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#channel?.close();
    done(error);
  }

  // What the HTTP client says to sockets that it keeps; the connection below has these, a channel has not.
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  #take(channel: ClientChannel): void {
    this.#channel = channel;
    let said = '';
    channel.stderr.on('data', (data: Buffer) => {
      if (said.length < MAX_SAID) said = (said + data.toString()).slice(0, MAX_SAID);
    });
    channel.on('data', (data: Buffer) => {
      if (!this.push(data)) channel.pause();
    });
    channel.on('error', (error: Error) => this.destroy(error));
    // Only now is it known how the command ended; the end of its output comes before that.
    channel.once('close', (code: number | null | undefined) => {
      const failure = endFailure({ code: code ?? undefined, said }, this.#endpoint);
      if (failure === undefined) this.push(null);
      else this.destroy(failure);
    });
  }
}
