/**
 * One column of numbers to bytes. Looks at the numbers first and picks the smallest exact form: one value for all rows, integers
 * (possibly over a power of ten, as kernel clocks are), or the doubles as they are. NaN and infinities are absent.
 */
import { ENCODING, MAX_SIGNED, POWERS, TAG_SPARSE } from './format.ts';
import type { Writer } from './writer.ts';

/** The powers of ten tried: plain counts, then milli-, micro- and nanoseconds. */
const EXPONENTS = [0, 3, 6, 9] as const;

/** Works on one column after another with the same scratch memory. */
export class Packer {
  #present = new Float64Array(256);
  #integers = new Float64Array(256);
  #signed = false;

  /** Gathers the present ones of `values[from … from + rows)` and says how many there are; `write` then writes these. */
  gather(values: Float64Array, from: number, rows: number): number {
    if (rows > this.#present.length) {
      this.#present = new Float64Array(rows * 2);
      this.#integers = new Float64Array(rows * 2);
    }
    const present = this.#present;
    let count = 0;
    for (let i = from; i < from + rows; i++) {
      const value = values[i] as number;
      if (value - value === 0) present[count++] = value;
    }
    return count;
  }

  /** Writes what `gather` gathered: tag, presence, values. Takes the same column again for its presence. */
  write(out: Writer, values: Float64Array, { from, rows, count }: Gathered): void {
    const sparse = count < rows ? TAG_SPARSE : 0;
    const constant = this.#isConstant(count) && this.#cheaper(count);
    const exponent = constant ? -1 : this.#scale(count);
    if (constant) out.byte(ENCODING.constant | sparse);
    else if (exponent < 0) out.byte(ENCODING.raw | sparse);
    else out.byte((this.#signed ? ENCODING.signed : ENCODING.unsigned) | sparse | (exponent << 4));
    if (sparse) writePresence(out, values, from, rows);
    if (constant) out.float64(this.#present[0] as number);
    else if (exponent < 0) out.floats(this.#present, count);
    else out.integers(this.#integers, count, this.#signed);
  }

  #isConstant(count: number): boolean {
    if (count === 0) return false;
    const present = this.#present;
    const first = present[0] as number;
    for (let i = 1; i < count; i++) if (present[i] !== first) return false;
    if (first !== 0) return true;
    // 0 and -0 compare equal and are not the same.
    for (let i = 1; i < count; i++) if (!Object.is(present[i], first)) return false;
    return true;
  }

  /** Whether eight bytes for all are less than the same varint for each. */
  #cheaper(count: number): boolean {
    const exponent = this.#scale(1);
    if (exponent < 0) return count > 1;
    const bits = Math.log2(Math.abs(this.#integers[0] as number) + 1) + (this.#signed ? 1 : 0);
    return count * Math.max(1, Math.ceil(bits / 7)) > 8;
  }

  /** The exponent under which all values are integers, which are then in `#integers`; -1 if there is none. */
  #scale(count: number): number {
    for (const exponent of EXPONENTS) if (this.#fits(count, exponent)) return exponent;
    return -1;
  }

  #fits(count: number, exponent: number): boolean {
    const present = this.#present;
    const integers = this.#integers;
    const power = POWERS[exponent] as number;
    let least = 0;
    let most = 0;
    for (let i = 0; i < count; i++) {
      const value = present[i] as number;
      const integer = Math.round(value * power);
      // The reader divides; only what comes back to the bit may go this way. -0 does not.
      if (integer / power !== value || (integer === 0 && !Object.is(value, 0))) return false;
      integers[i] = integer;
      if (integer < least) least = integer;
      else if (integer > most) most = integer;
    }
    this.#signed = least < 0;
    return least < 0 ? least > -MAX_SIGNED && most < MAX_SIGNED : most <= Number.MAX_SAFE_INTEGER;
  }
}

/** A gathered column: `rows` values at `from`, of which `count` are present. */
export interface Gathered {
  readonly from: number;
  readonly rows: number;
  readonly count: number;
}

/** A bit per row, the first row in the lowest bit of the first byte. */
function writePresence(out: Writer, values: Float64Array, from: number, rows: number): void {
  for (let row = 0; row < rows; row += 8) {
    let bits = 0;
    for (let i = 0; i < 8 && row + i < rows; i++) {
      const value = values[from + row + i] as number;
      if (value - value === 0) bits |= 1 << i;
    }
    out.byte(bits);
  }
}
