/** Sums that lose no small terms beside large ones (Neumaier's compensation), in Prometheus' way with infinities. */

export class KahanSum {
  sum = 0;
  rest = 0;

  clear(): void {
    this.sum = 0;
    this.rest = 0;
  }

  add(term: number): void {
    const total = this.sum + term;
    // An infinite total leaves nothing to be compensated.
    if (!Number.isFinite(total)) this.rest = 0;
    else if (Math.abs(this.sum) >= Math.abs(term)) this.rest += this.sum - total + term;
    else this.rest += term - total + this.sum;
    this.sum = total;
  }

  get total(): number {
    return this.sum + this.rest;
  }
}

/** A mean that is sum over count, unless the sum overflows: from there on it is moved from value to value. */
export class Mean {
  readonly #sum = new KahanSum();
  #count = 0;
  #moving = false;

  clear(): void {
    this.#sum.clear();
    this.#count = 0;
    this.#moving = false;
  }

  add(value: number, weight = 1): void {
    this.#count += weight;
    if (!this.#moving) {
      const { sum, rest } = this.#sum;
      this.#sum.add(value * weight);
      if (Math.abs(this.#sum.sum) !== Infinity || this.#count === weight) return;
      const before = this.#count - weight;
      this.#moving = true;
      this.#sum.sum = sum / before;
      this.#sum.rest = rest / before;
    }
    this.#move(value, weight);
  }

  #move(value: number, weight: number): void {
    const mean = this.#sum.sum;
    if (Math.abs(mean) === Infinity) {
      // It stays, unless the value is infinite the other way, or no number.
      if (Math.abs(value) === Infinity && value > 0 === mean > 0) return;
      if (Number.isFinite(value)) return;
    }
    this.#sum.add((value / this.#count) * weight - (this.#sum.total / this.#count) * weight);
  }

  get mean(): number {
    return this.#moving ? this.#sum.total : this.#sum.total / this.#count;
  }
}
