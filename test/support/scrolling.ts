/** Scripts for a browser that has the page's table open: it scrolls by itself, and counts what that makes. */

/** From end to end and back, most of a screen each frame; at each end it rests for some frames, as who scrolls does. */
export const SCROLL = `new Promise((done) => {
  let down = true, rest = 0;
  const atEnd = () => (down ? scrollY + innerHeight >= document.documentElement.scrollHeight - 1 : scrollY === 0);
  const step = () => {
    if (!atEnd()) scrollBy(0, down ? 400 : -400);
    else if (++rest > 3) {
      if (!down) return done();
      down = false;
      rest = 0;
    }
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})`;

export interface Counted {
  /** Elements that were made on the way. */
  readonly made: number;
  /** Rows that were drawn on the way, each once. */
  readonly rows: number;
}

/**
 * The same at the pace of the table: on by most of a screen once the rows that are in sight are drawn, however many frames that takes. A
 * {@link Counted}.
 */
export const COUNTED = `(async () => {
  const body = document.querySelector('.table .body'), names = new Set();
  let made = 0;
  const look = (changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) if (node.nodeType === 1) made += 1 + node.querySelectorAll('*').length;
    for (const link of body.querySelectorAll('.name a')) names.add(link.title);
  };
  const observer = new MutationObserver(look);
  observer.observe(body, { childList: true, subtree: true, attributes: true, characterData: true });
  // From the first row in sight, or the list's, to the last: they lie without a gap.
  const drawn = () => {
    const all = body.getBoundingClientRect();
    const rows = [...body.querySelectorAll('.row')].map((row) => row.getBoundingClientRect());
    const [from, to] = [Math.max(0, all.top), Math.min(innerHeight, all.bottom)];
    return from >= to || rows.some(({ top, bottom }) => top <= from + 1 && bottom > from) &&
      rows.some(({ top, bottom }) => top < to && bottom >= to - 2);
  };
  const stopped = async () => {
    do await new Promise(requestAnimationFrame); while (!drawn());
    look(observer.takeRecords());
  };
  await stopped();
  for (const by of [400, -400])
    for (let before = -1; scrollY !== before; await stopped()) {
      before = scrollY;
      scrollBy(0, by);
    }
  return { made, rows: names.size };
})()`;
