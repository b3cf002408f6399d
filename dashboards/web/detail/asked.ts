/**
 * What a chart shows, kept current: asks for the whole range when that changes, and for what is new since then when a window has closed. Answers
 * that come after a later question are left.
 */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { QueryError, queryRange, type Series } from '../api/prom.ts';
import { model } from '../live/link.ts';
import type { Steps } from '../state/range.ts';
import { joined } from './columns.ts';
import type { Question } from './questions.ts';

export interface Asked {
  /** By question. Undefined while the first answer is awaited. */
  readonly answers: readonly (readonly Series[])[] | undefined;
  /** Of which range they are. */
  readonly steps: Steps | undefined;
  readonly error: QueryError | undefined;
}

export interface Wanted {
  readonly questions: readonly Pick<Question, 'expr'>[];
  readonly steps: Steps;
  /** Whether the range ends now, and goes on. */
  readonly moving: boolean;
}

const NO_HISTORY: Asked = {
  answers: undefined,
  steps: undefined,
  error: new QueryError('Nothing keeps history here.', true),
};

export function useAnswers({ questions, steps, moving }: Wanted): Asked {
  const asked = useSignal<Asked>({ answers: undefined, steps: undefined, error: undefined });
  const whole = useRef('');
  const end = model.value?.end ?? 0;
  const nothing = model.value?.pipeline.history === false;
  const exprs = questions.map(({ expr }) => expr);
  // What makes another chart of it; a range that moves is the same one.
  const key = JSON.stringify([exprs, steps.step, steps.to - steps.from, moving ? '' : steps.from]);
  useEffect(() => {
    if (nothing) return;
    const abort = new AbortController();
    const { answers, steps: had } = asked.peek();
    const goesOn = whole.current === key && answers !== undefined && had !== undefined && steps.to > had.to;
    if (whole.current === key && answers !== undefined && !goesOn) return;
    // The last step was not over yet when it was asked for.
    const from = goesOn ? Math.max(steps.from, had.to - steps.step) : steps.from;
    void Promise.all(
      exprs.map((expr) => queryRange({ expr, from, to: steps.to, step: steps.step }, abort.signal)),
    ).then(
      (fresh) => {
        if (abort.signal.aborted) return;
        const now = fresh.map(({ series }, i) => (goesOn ? joined(answers[i] ?? [], series, steps.from) : series));
        whole.current = key;
        asked.value = { answers: now, steps, error: undefined };
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const words = error instanceof QueryError ? error : new QueryError('The collector does not answer.');
        asked.value = { ...asked.peek(), error: words };
      },
    );
    return () => abort.abort();
  }, [key, moving ? steps.to : end]);
  return nothing ? NO_HISTORY : asked.value;
}
