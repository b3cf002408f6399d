/** Scripts for a browser that has the page's table open: it scrolls by itself, and counts what that makes. */

/** From end to end and back, most of a screen each frame. */
export const SCROLL = `new Promise((done) => {
  let down = true;
  const step = () => {
    scrollBy(0, down ? 400 : -400);
    if (scrollY + innerHeight >= document.documentElement.scrollHeight - 1) down = false;
    if (!down && scrollY === 0) done();
    else requestAnimationFrame(step);
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
