/**
 * The drag over a chart: while a button is held nothing that is drawn changes, in no chart, or the part that was chosen would slip away below
 * the pointer. What came in the meantime is drawn once it is let go.
 */
import { signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type uPlot from 'uplot';

/** The chart over which a button is held. The others show the same part, and choose nothing. */
const held = signal<uPlot | undefined>(undefined);

/** For a chart that has just been made. */
export function watchDrag(plot: uPlot): void {
  plot.over.addEventListener('mousedown', () => {
    held.value = plot;
    addEventListener('mouseup', letGo);
    addEventListener('mousemove', letGoIfUp);
  });
}

/** Whether what was chosen was chosen in this one. */
export function isDragged(plot: uPlot): boolean {
  return held.peek() === plot;
}

/** On the window: the chart, which listens on the document, has had its turn by then. */
function letGo(): void {
  removeEventListener('mouseup', letGo);
  removeEventListener('mousemove', letGoIfUp);
  held.value = undefined;
}

/** It was let go where nobody told us. */
function letGoIfUp({ buttons }: MouseEvent): void {
  if (buttons === 0) letGo();
}

/** What it is given; during a drag, what it was given before. */
export function useHeld<T>(now: T): T {
  const kept = useRef(now);
  if (held.value === undefined) kept.current = now;
  return kept.current;
}
