/** Asks a server what is in `asked.ts`, and the recording of what Debian's Prometheus (2.42.0) answered. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nameOf, type Question } from './asked.ts';

export interface Answered {
  readonly status: number;
  readonly type: string;
  /** Parsed if it is JSON. */
  readonly body: unknown;
}

export const RECORDING = fileURLToPath(new URL('../../fixtures/prometheus/answers.json', import.meta.url));

export function recording(): Map<string, Answered> {
  return new Map(Object.entries(JSON.parse(readFileSync(RECORDING, 'utf8')) as Record<string, Answered>));
}

export async function answerOf(url: string, { method, path, params }: Question): Promise<Answered> {
  const form = new URLSearchParams(params.map(([name, value]): [string, string] => [name, value])).toString();
  const get = method === 'GET';
  const response = await fetch(`${url}${path}${get && form !== '' ? `?${form}` : ''}`, {
    method,
    ...(get ? {} : { body: form, headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    signal: AbortSignal.timeout(20_000),
  });
  const type = response.headers.get('content-type') ?? '';
  const text = await response.text();
  return { status: response.status, type, body: type.startsWith('application/json') ? JSON.parse(text) : text };
}

export async function answersOf(url: string, questions: readonly Question[]): Promise<Map<string, Answered>> {
  const answers = new Map<string, Answered>();
  for (const question of questions) answers.set(nameOf(question), await answerOf(url, question));
  return answers;
}
