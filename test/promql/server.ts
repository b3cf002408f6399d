/** A server with the Prometheus HTTP API, asked as the engine is. */
import type { LabelPair } from '../../src/model/labels.ts';
import type { Answer } from './comparing.ts';

interface Envelope {
  readonly status: string;
  readonly error?: string;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
  readonly data?: { readonly resultType: string; readonly result: unknown };
}

type Point = readonly [seconds: number, value: string];
interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: Point;
  readonly values?: readonly Point[];
}

export interface Question {
  readonly expr: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0: an instant. */
  readonly stepMs: number;
}

export async function askServer(url: string, { expr, startMs, endMs, stepMs }: Question): Promise<Answer> {
  const times =
    stepMs > 0
      ? { start: String(startMs / 1000), end: String(endMs / 1000), step: String(stepMs / 1000) }
      : { time: String(endMs / 1000) };
  const response = await fetch(`${url}/api/v1/query${stepMs > 0 ? '_range' : ''}`, {
    method: 'POST',
    body: new URLSearchParams({ query: expr, ...times }),
  });
  const body = (await response.json()) as Envelope;
  if (body.status !== 'success' || !body.data) throw new Error(body.error ?? `HTTP ${response.status}`);
  const { resultType, result } = body.data;
  const notes = { warnings: body.warnings ?? [], infos: body.infos ?? [] };
  if (resultType === 'string') return { type: resultType, text: (result as Point)[1], series: [], ...notes };
  const series = resultType === 'scalar' ? [{ metric: {}, value: result as Point }] : (result as readonly Series[]);
  return { type: resultType, text: undefined, series: series.map(plain), ...notes };
}

function plain({ metric, value, values }: Series): Answer['series'][number] {
  const points = values ?? (value ? [value] : []);
  return {
    labels: Object.entries(metric) as LabelPair[],
    points: points.map(
      ([seconds, text]) => [Math.round(seconds * 1000), Number(text.replace('Inf', 'Infinity'))] as const,
    ),
  };
}
