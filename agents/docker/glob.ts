/**
 * Globs over foreign text: `*` is any run of characters, `?` any one; everything else is itself. Linear in the text for each
 * star, whatever the text: a container's label cannot make the agent think for minutes, as it could with a regular expression.
 */

/** Whether any of the patterns matches a whole text. No pattern matches nothing. */
export function globs(patterns: readonly string[]): (text: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !/[*?]/.test(pattern)));
  const wild = patterns.filter((pattern) => /[*?]/.test(pattern));
  return (text) => exact.has(text) || wild.some((pattern) => matches(pattern, text));
}

function matches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      // The last star takes one character more; earlier stars never need to be tried again.
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
