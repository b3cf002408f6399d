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

/** The same, with a look at the table whenever it changes: a {@link Counted}. */
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
  // What is there before anything changes.
  look([]);
  await ${SCROLL};
  look(observer.takeRecords());
  return { made, rows: names.size };
})()`;
