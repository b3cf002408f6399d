/** From a verdict on a request to what becomes of its lines: which are lost and why, which are sent again. Pure. */
import type { Outcome } from '../job.ts';
import type { Verdict } from './answer.ts';
import { type Chunk, parted } from './chunk.ts';
import type { DeadLetter } from './deadletters.ts';
import { refusalOf } from './refused.ts';

export interface Judged {
  readonly outcome: Outcome<Chunk>;
  /** The lines that are lost, as far as it is known which. */
  readonly letters: readonly DeadLetter[];
}

/** Lines that may be bad, of which the server says only how many are: no more than these are kept for people to look at. */
const MAX_SUSPECTS = 200;

/** `body` is the answer as it came, which may quote lines. */
export function outcomeOf(chunk: Chunk, verdict: Verdict, body: string): Judged {
  if (verdict.kind === 'final') return { outcome: { ...verdict, reason: 'rejected' }, letters: [] };
  if (verdict.kind !== 'lines_refused') return { outcome: verdict, letters: [] };
  const { message } = verdict;
  const { restWritten, lines, count, among, why } = refusalOf(body, chunk.lines);
  if (lines.length > 0) {
    const { named, others } = parted(chunk, lines);
    const again = restWritten || others.lines.length === 0 ? undefined : others;
    const letters = lines.map((i) => ({ line: chunk.lines[i] as string, reason: why.get(i) || message }));
    return { outcome: { kind: 'partly', lost: named.samples, again, message }, letters };
  }
  if (!restWritten || count === undefined) return { outcome: { kind: 'refused', message }, letters: [] };
  // The server says how many lines, not which: they are counted at the mean of those they can be.
  const suspects = among.length > 0 ? parted(chunk, among).named : chunk;
  const lost = Math.round((suspects.samples * count) / suspects.lines.length);
  return { outcome: { kind: 'partly', lost, message }, letters: suspected(suspects, count, message) };
}

function suspected({ lines }: Chunk, count: number, message: string): DeadLetter[] {
  if (count === 0 || lines.length > MAX_SUSPECTS) return [];
  const reason = `${count} of the next ${lines.length} lines: ${message}`;
  return lines.map((line) => ({ line, reason }));
}
