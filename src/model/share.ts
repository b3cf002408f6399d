/**
 * Sharing what is limited between those who hold some of it: the one rule for series, groups, waiting readings and dictionaries. Pure, so
 * the same asks in the same order get the same answers.
 *
 * Below the cap everybody gets what they ask for, so that one alone may use it all. At the cap who would be over a fair share (the cap over
 * those who hold) is refused, and nothing is taken from anybody: what one has got it keeps, so nothing swings to and fro. Who stays within
 * a fair share goes on into a reserve above the cap, which only they may use; so it is never one large holder that keeps small ones out.
 */

/** The reserve, as a part of the cap. */
const RESERVE = 1 / 8;

export interface Ask {
  readonly cap: number;
  /** What all hold together, the one who asks included. */
  readonly held: number;
  /** What the one who asks holds. */
  readonly own: number;
  /** How many hold something, the one who asks included. */
  readonly holders: number;
  readonly wish: number;
}

/** Whether the one who asks may have `wish` more. */
export function mayHave({ cap, held, own, holders, wish }: Ask): boolean {
  if (held + wish <= cap) return true;
  return own + wish <= fairShare(cap, holders) && held + wish <= cap * (1 + RESERVE);
}

/** What one may have at most, where nothing else says so: it takes several to fill what all share. */
export function mostOfOne(cap: number): number {
  return cap / 4;
}

/** What each may have when all want more than there is. */
export function fairShare(cap: number, holders: number): number {
  return cap / Math.max(1, holders);
}
