/**
 * Labels cut to what a collector takes. One container with a megabyte of label, or a thousand of them, must not get all batches
 * of its node refused, so the agent cuts before it sends; the collector still checks.
 */
import { type LabelPair, type Labels, pairsOf } from '../model/labels.ts';
import { LABEL_NAME } from './format.ts';
import type { WireLimits } from './limits.ts';

/** The pairs that may travel, in order: illegal names and what is above the number left out, values cut at a character's end. */
export function fitLabels(set: Labels, limits: WireLimits): LabelPair[] {
  const fitted: LabelPair[] = [];
  for (const [name, value] of pairsOf(set)) {
    if (fitted.length === limits.labels) break;
    if (name.length > limits.labelNameBytes || !LABEL_NAME.test(name)) continue;
    const cut = cutText(value, limits.labelValueBytes);
    if (cut !== '') fitted.push([name, cut]);
  }
  return fitted;
}

/** The longest beginning of a text that has at most so many bytes in UTF-8. */
export function cutText(text: string, maxBytes: number): string {
  // No UTF-16 unit takes more than three bytes.
  if (text.length * 3 <= maxBytes) return text;
  const start = text.slice(0, maxBytes);
  const bytes = Buffer.from(start, 'utf8');
  if (bytes.length <= maxBytes) return start.isWellFormed() ? start : start.slice(0, -1);
  let end = maxBytes;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
