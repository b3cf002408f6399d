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

const turns: (() => void)[] = [];
let channel: MessageChannel | undefined;

/** Once the browser has had a turn: what is typed or scrolled comes first. Not by a timer, which a tab that nobody sees gets once a minute. */
export function soon(fn: () => void): void {
  if (channel === undefined) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => turns.shift()?.();
  }
  turns.push(fn);
  channel.port2.postMessage(undefined);
}
