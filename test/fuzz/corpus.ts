/** The kept inputs of a target, each in a file named after its content: those that reached something new, and those that found a fault. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Corpus {
  /** In the order of their names. */
  readonly inputs: readonly Uint8Array[];
  /** Adds one; answers its file's name. */
  keep(input: Uint8Array): string;
}

/** `folder` is made when something is kept. */
export function openCorpus(folder: string): Corpus {
  const inputs = namesIn(folder).map((name): Uint8Array => new Uint8Array(readFileSync(join(folder, name))));
  return {
    inputs,
    keep(input) {
      mkdirSync(folder, { recursive: true });
      const name = createHash('sha256').update(input).digest('hex').slice(0, 16);
      writeFileSync(join(folder, name), input);
      inputs.push(input);
      return name;
    },
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
