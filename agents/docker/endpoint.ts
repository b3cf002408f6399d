/** Where an engine listens. */

/** Either `socketPath`, or `host` and `port`. */
export interface Endpoint {
  /** A unix socket. */
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  /** `http` unless said otherwise. `ssh` runs `docker system dial-stdio` on the host. */
  readonly protocol?: 'http' | 'https' | 'ssh';
  /** For ssh. */
  readonly username?: string;
  /** PEM texts, for https. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}
