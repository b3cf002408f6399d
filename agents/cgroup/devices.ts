/**
 * Block device numbers per cgroup: v2's `io.stat` (`8:0 rbytes=1 wbytes=2 …`) and v1's `blkio.*` (`8:0 Read 1`). Each number
 * found is handed on with its device, so that several files can fill one device's row.
 */
import { lineEnd, numberAt, skipSpaces, wordEnd } from './parse.ts';

const EQUALS = 61;
const COLON = 58;

/** The kernel gives minor numbers 20 bits. */
const MINORS = 1_048_576;

/** A device as one number: `major * 2^20 + minor`, as the kernel packs it. */
export type DeviceNumber = number;

export function majorOf(device: DeviceNumber): number {
  return Math.floor(device / MINORS);
}

export function minorOf(device: DeviceNumber): number {
  return device % MINORS;
}

/** `8:0` as a device. */
export function deviceOf(numbers: string): DeviceNumber {
  const [major = Number.NaN, minor = Number.NaN] = numbers.split(':').map(Number);
  return major * MINORS + minor;
}

/** A few words that a file may hold, found by their bytes. */
export class Words {
  readonly #words: readonly Uint8Array[];

  constructor(words: readonly string[]) {
    this.#words = words.map((word) => Buffer.from(word, 'latin1'));
  }

  /** The place in the list of the word `bytes[from, to)`, or -1. */
  indexOf(bytes: Uint8Array, from: number, to: number): number {
    for (let w = 0; w < this.#words.length; w++) {
      const word = this.#words[w] as Uint8Array;
      if (word.length === to - from && sameAt(word, bytes, from)) return w;
    }
    return -1;
  }
}

/** Called for each number whose word is known; `word` is its place in the list of words. */
export type OnDeviceValue = (device: DeviceNumber, word: number, value: number) => void;

/**
 * Reads `io.stat` word by word: a device without numbers leaves only `8:0 ` behind, and some 5.x kernels then put the next
 * device on the same line.
 */
export function readIoStat(bytes: Uint8Array, words: Words, onValue: OnDeviceValue): void {
  for (let from = 0; from < bytes.length; ) {
    const end = lineEnd(bytes, from);
    let device = -1;
    for (let at = skipSpaces(bytes, from, end); at < end; ) {
      const stop = wordEnd(bytes, at, end);
      const equals = placeOf(EQUALS, bytes, at, stop);
      if (equals < 0) {
        device = deviceAt(bytes, at, stop);
      } else if (device >= 0) {
        const word = words.indexOf(bytes, at, equals);
        if (word >= 0) onValue(device, word, numberAt(bytes, equals + 1, stop));
      }
      at = skipSpaces(bytes, stop, end);
    }
    from = end + 1;
  }
}

/** Reads a v1 `blkio.*` file: on each line a device, an operation and a number. The line `Total` without a device is skipped. */
export function readBlkio(bytes: Uint8Array, words: Words, onValue: OnDeviceValue): void {
  for (let from = 0; from < bytes.length; ) {
    const end = lineEnd(bytes, from);
    const deviceEnd = wordEnd(bytes, from, end);
    const device = deviceAt(bytes, from, deviceEnd);
    const name = skipSpaces(bytes, deviceEnd, end);
    const nameEnd = wordEnd(bytes, name, end);
    const word = device < 0 ? -1 : words.indexOf(bytes, name, nameEnd);
    if (word >= 0) {
      const value = skipSpaces(bytes, nameEnd, end);
      onValue(device, word, numberAt(bytes, value, wordEnd(bytes, value, end)));
    }
    from = end + 1;
  }
}

/** `8:0` as a number, or -1. */
function deviceAt(bytes: Uint8Array, from: number, to: number): DeviceNumber {
  const colon = placeOf(COLON, bytes, from, to);
  if (colon < 0) return -1;
  const major = numberAt(bytes, from, colon);
  const minor = numberAt(bytes, colon + 1, to);
  return major >= 0 && major < MINORS && minor >= 0 && minor < MINORS ? major * MINORS + minor : -1;
}

function placeOf(byte: number, bytes: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to; i++) if (bytes[i] === byte) return i;
  return -1;
}

function sameAt(word: Uint8Array, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < word.length; i++) if (word[i] !== bytes[from + i]) return false;
  return true;
}
