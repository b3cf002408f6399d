/** A signal below a long-lived one follows it, and leaves nothing on it once it is released. */
import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { linkedAbort } from '../../../src/run/abort.ts';

test('aborts with its parent, for the parent’s reason, also when that was aborted before', () => {
  const parent = new AbortController();
  const linked = linkedAbort(parent.signal);
  expect(linked.signal.aborted).toBe(false);
  const reason = new Error('stopped');
  parent.abort(reason);
  expect(linked.signal.reason).toBe(reason);
  expect(linkedAbort(parent.signal).signal.reason).toBe(reason);
});

test('aborts alone without touching its parent', () => {
  const parent = new AbortController();
  const linked = linkedAbort(parent.signal);
  linked.abort(new Error('late'));
  expect(linked.signal.aborted).toBe(true);
  expect(parent.signal.aborted).toBe(false);
});

test('released, its parent has forgotten it', () => {
  const parent = new AbortController();
  const linked = linkedAbort(parent.signal);
  linked.release();
  expect(getEventListeners(parent.signal, 'abort')).toEqual([]);
  parent.abort();
  expect(linked.signal.aborted).toBe(false);
});
