/**
 * What the store's folder holds, as of one moment: the parts, and from which frame of the log on nothing is in them yet.
 * Each manifest is a file of its own, written beside and renamed; the one before stays, with all it names, and serves if the newest cannot be read.
 */
import { crc32 } from 'node:zlib';
import type { PartFiles, PartInfo } from './types.ts';

/** What a part holds: single containers and finer, groups, or what others have sent. */
export type PartKind = 'single' | 'group' | 'received';

export interface PartEntry extends PartInfo {
  readonly kind: PartKind;
  /** How far it has been merged: 0 as it was sealed, 1 two hours, 2 a day. */
  readonly tier: 0 | 1 | 2;
  /** When it was made. */
  readonly madeMs: number;
}

export interface Manifest {
  readonly number: number;
  /** The first frame of the log that is in no part. */
  readonly nextSeq: number;
  /** The last frame before it that was not late: says which rows were there. */
  readonly primeSeq: number;
  /** The number of the next part to be made. */
  readonly nextPart: number;
  /** The first file of received samples that are in no part. */
  readonly nextReceived: number;
  /** In the order in which they were made: where two have the same time, the later one counts. */
  readonly parts: readonly PartEntry[];
}

export const STORE_VERSION = 1;
export const EMPTY: Manifest = { number: 0, nextSeq: 0, primeSeq: 0, nextPart: 1, nextReceived: 1, parts: [] };

const NAME = /^manifest-(\d{10})\.json$/;

export function manifestName(number: number): string {
  return `manifest-${String(number).padStart(10, '0')}.json`;
}

/** The number of a manifest; undefined if it is no manifest's name. */
export function manifestNumber(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Written by a later version of the program: nothing in the folder is touched. */
export class NewerStore extends Error {}

export function writeManifest(files: PartFiles, manifest: Manifest): void {
  const line = JSON.stringify({ version: STORE_VERSION, ...manifest });
  const name = manifestName(manifest.number);
  files.write(`${name}.new`, [Buffer.from(`${line}\n${checksum(line)}\n`)]);
  files.rename(`${name}.new`, name);
}

/** Throws what is wrong with it, in words. */
export function readManifest(files: PartFiles, name: string): Manifest {
  const file = files.open(name);
  let text: string;
  try {
    text = Buffer.from(file.read(0, file.size)).toString();
  } finally {
    file.close();
  }
  const [line = '', sum] = text.split('\n');
  if (sum !== checksum(line)) throw new Error('has a wrong checksum');
  const { version, ...manifest } = JSON.parse(line) as Manifest & { version: number };
  if (version > STORE_VERSION) {
    throw new NewerStore(
      `the store was written by a later version of the program (format ${version}; this program reads ${STORE_VERSION}): start that one, or give this one a folder of its own`,
    );
  }
  return manifest;
}

export interface FoundManifest {
  readonly manifest: Manifest;
  /** The one before it, whose files are there as well. */
  readonly before: Manifest | undefined;
  /** Those that could not be read, with the reason. */
  readonly damaged: readonly (readonly [name: string, reason: string])[];
}

/** The newest that can be read. */
export function findManifest(files: PartFiles): FoundManifest {
  const names = files.list().filter((name) => manifestNumber(name) !== undefined);
  const damaged: [string, string][] = [];
  const found: Manifest[] = [];
  for (const name of names.sort().reverse()) {
    try {
      found.push(readManifest(files, name));
    } catch (error) {
      if (error instanceof NewerStore) throw error;
      damaged.push([name, (error as Error).message]);
    }
  }
  return { manifest: found[0] ?? EMPTY, before: found[1], damaged };
}

function checksum(line: string): string {
  return crc32(line).toString(16).padStart(8, '0');
}
