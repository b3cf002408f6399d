/** Prometheus' envelope: success with data, or an error with its type, and the code that goes with it. */
import { QueryError, type QueryErrorType } from '../query/query.ts';
import type { Answer } from './route.ts';

const CODES: Readonly<Record<QueryErrorType, number>> = {
  bad_data: 400,
  execution: 422,
  canceled: 503,
  timeout: 503,
  internal: 500,
  unavailable: 503,
  not_found: 404,
};

/** In pieces of JSON. */
export function* successPieces({ data, pieces, warnings = [], infos = [] }: Answer): Generator<string> {
  yield '{"status":"success","data":';
  if (pieces) yield* pieces;
  else yield JSON.stringify(data);
  if (warnings.length > 0) yield `,"warnings":${JSON.stringify(warnings)}`;
  if (infos.length > 0) yield `,"infos":${JSON.stringify(infos)}`;
  yield '}\n';
}

export interface Failure {
  readonly code: number;
  readonly body: { readonly status: 'error'; readonly errorType: string; readonly error: string };
}

export function failureOf({ type, message }: Pick<QueryError, 'type' | 'message'>): Failure {
  return { code: CODES[type], body: { status: 'error', errorType: type, error: message } };
}

/** What the framework or a fault threw, as a QueryError; its words are shown only if they are about the request. */
export function asQueryError(error: Error & { readonly statusCode?: number }): QueryError {
  if (error instanceof QueryError) return error;
  const { statusCode = 500 } = error;
  if (statusCode >= 500) return new QueryError('internal', 'internal error: see the log');
  return new QueryError(statusCode === 404 ? 'not_found' : 'bad_data', error.message);
}
