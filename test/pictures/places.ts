/** Where pictures, and what they are made of, are kept; below .cache, which is nobody's but this machine's. */
import { fileURLToPath } from 'node:url';

export type StageName = 'few' | 'many';
export const STAGES: readonly StageName[] = ['few', 'many'];

/** What a Prometheus has seen: Unix seconds, and how often. */
export interface Recording {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** The root of the checkout, from where the bundle lies (.cache/pictures) as well as from here. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export function folderOf(stage: StageName): string {
  return `${ROOT}.cache/pictures/${stage}`;
}
