/**
 * Labels that have been checked, by what they were written as: the same series come again and again, and to make their labels anew each time is most
 * of the work. Bounded: there are two sets, and when the newer is full the older goes.
 */
import type { Labels } from '../../src/model/labels.ts';

/** With a number made of them, which tells series apart. */
export interface HashedLabels extends Labels {
  readonly hash: number;
  /** The set in which a sender's cap has them; what comes again is not looked for again. */
  admittedIn?: ReadonlySet<number>;
}

export interface LabelCache {
  get(key: string): HashedLabels | undefined;
  put(key: string, labels: HashedLabels): void;
  readonly size: number;
}

/** Of one of the two sets; what is kept for a key takes some times its characters. */
const MAX_ENTRIES = 50_000;
const MAX_CHARACTERS = 8 * 1024 * 1024;

export function createLabelCache({ maxEntries = MAX_ENTRIES, maxCharacters = MAX_CHARACTERS } = {}): LabelCache {
  let now = new Map<string, HashedLabels>();
  let before = new Map<string, HashedLabels>();
  let characters = 0;

  function put(key: string, labels: HashedLabels): void {
    if (key.length > maxCharacters / 100) return;
    if (now.size >= maxEntries || characters + key.length > maxCharacters) {
      before = now;
      now = new Map();
      characters = 0;
    }
    now.set(key, labels);
    characters += key.length;
  }

  return {
    get(key) {
      const found = now.get(key);
      if (found !== undefined) return found;
      const older = before.get(key);
      if (older !== undefined) put(key, older);
      return older;
    },
    put,
    get size() {
      return now.size + before.size;
    },
  };
}
