/** The only file of the page that asks the time, arms a timer, or waits for a frame. */

/** Unix seconds. */
export function nowSeconds(): number {
  return Date.now() / 1000;
}

/** Calls once after `ms`; the answer cancels it. */
export function after(ms: number, fn: () => void): () => void {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
}

/** Calls before the next frame, once for however many were asked for until then. */
export function eachFrame(fn: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      fn();
    });
  };
}
