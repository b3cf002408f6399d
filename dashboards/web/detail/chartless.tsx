/** What is said of a thing that is not there any more. */
import type { Subject } from '../state/address.ts';

export function Chartless({ subject }: { readonly subject: Subject }) {
  return (
    <p class="empty">
      {subject.kind === 'host' ? 'This host' : `This ${subject.kind}`} is not there now: it was removed, or its agent
      says nothing. What was kept of it is below; a longer range shows more.
    </p>
  );
}
