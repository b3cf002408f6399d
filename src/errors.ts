/**
 * The kinds of error that have a fate of their own. Configuration: refuse to start. Wire and sink: counted, answered, the
 * rest goes on. Anything else is a bug and is thrown as it is.
 */

/** The configuration is unusable. `message` names the key, the value and what is legal. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** A body from an agent that cannot be taken. `reason` is the label under which it is counted. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly reason: string;
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export interface SinkErrorOptions extends ErrorOptions {
  /** Whether the same bytes may be sent again. */
  readonly retryable: boolean;
  /** How long the far side asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** A sink could not deliver. `reason` is the label under which the loss is counted if it is given up. */
export class SinkError extends Error {
  override readonly name = 'SinkError';
  readonly reason: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  constructor(reason: string, message: string, options: SinkErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs;
  }
}
