/** What is fuzzed: something of ours that reads bytes of others. */
export interface Target {
  readonly name: string;
  /** Good inputs to begin with, and pieces that inputs are made of. */
  seeds(): Uint8Array[];
  /** Takes an input in. Throws only where the product has a fault: refusals that are meant are not faults. */
  run(input: Uint8Array): void;
}

/** Throws unless it holds. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8');
export const textOf = (input: Uint8Array): string => Buffer.from(input).toString('utf8');
