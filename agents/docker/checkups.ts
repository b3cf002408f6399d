/**
 * Whose health is to be asked about again. Engines tell when it changes, and nothing while it stays as it is: the checks that fail in a
 * row go on being counted meanwhile. Seldom and few at a time, so that a hundred containers are no burden on the engine.
 */
import type { Container } from '../container.ts';
import { detailsOf } from './identity.ts';

/** Pulses come every 30 s: one whose checks fail is asked about each minute, any other every five, for as long as they are few. */
const FAILING_EVERY = 2;
const OTHERS_EVERY = 10;
/** At each pulse; those that are due longest come first. */
const AT_ONCE = 16;

export class Checkups {
  /** By container, at which pulse it was asked about last, or first seen; as many as there are with a health check. */
  #asked = new Map<string, number>();
  #pulse = 0;

  /** The ids to ask about at this pulse. */
  due(containers: Iterable<Container>): string[] {
    this.#pulse++;
    const asked = new Map<string, number>();
    const due: (readonly [id: string, late: number])[] = [];
    for (const container of containers) {
      const { health, failingStreak = 0 } = detailsOf(container);
      if (health === 'none' || container.pid === 0) continue;
      const last = this.#asked.get(container.id) ?? this.#pulse - 1;
      const every = health !== 'healthy' || failingStreak > 0 ? FAILING_EVERY : OTHERS_EVERY;
      asked.set(container.id, last);
      if (this.#pulse - last >= every) due.push([container.id, this.#pulse - last - every]);
    }
    this.#asked = asked;
    const now = due.sort(([, a], [, b]) => b - a).slice(0, AT_ONCE);
    for (const [id] of now) asked.set(id, this.#pulse);
    return now.map(([id]) => id);
  }
}
