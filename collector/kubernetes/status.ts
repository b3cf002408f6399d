/** What Kubernetes answers when there is nothing to answer: a Status, with reason and code. Thrown where the fault is found, sent where routes are. */

export const GROUP = 'metrics.k8s.io';

export type Reason =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'MethodNotAllowed'
  | 'InternalError'
  | 'ServiceUnavailable';

const CODES: Readonly<Record<Reason, number>> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  InternalError: 500,
  ServiceUnavailable: 503,
};

interface Details {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
}

export class StatusError extends Error {
  readonly reason: Reason;
  readonly details: Details | undefined;

  constructor(reason: Reason, message: string, details?: Details) {
    super(message);
    this.name = 'StatusError';
    this.reason = reason;
    this.details = details;
  }

  get code(): number {
    return CODES[this.reason];
  }

  /** As it is sent. */
  get body(): object {
    const { reason, message, details, code } = this;
    const failure = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason };
    return { ...failure, ...(details ? { details } : {}), code };
  }
}

/** `kind`: `podmetrics`, `nodemetrics`. */
export function notFound(kind: string, name: string): StatusError {
  return new StatusError('NotFound', `${kind}.${GROUP} ${JSON.stringify(name)} not found`, {
    name,
    group: GROUP,
    kind,
  });
}

export function noSuchResource(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource', {});
}
