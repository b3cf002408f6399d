/** What a source had to leave out, counted by reason, for the agent's own metrics. */
export class Losses {
  readonly #counts = new Map<string, number>();

  /** `reason` is one of a few fixed words of the source's own. */
  count(reason: string, by = 1): void {
    if (by > 0) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + by);
  }

  /** By reason, since the start. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}
