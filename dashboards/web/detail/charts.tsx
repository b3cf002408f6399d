/** All charts of a thing, below one range. What is measured and not kept is drawn from what this page has seen since it was opened. */
import type { QueryError, Series } from '../api/prom.ts';
import { model } from '../live/link.ts';
import type { Row } from '../live/message.ts';
import type { Subject } from '../state/address.ts';
import { place } from '../state/place.ts';
import { isMoving, type Steps, stepsOf } from '../state/range.ts';
import { useAnswers } from './asked.ts';
import { Chart } from './chart.tsx';
import { drawingOf, type Mark, momentsIn } from './columns.ts';
import { type ChartSpec, chartsOf, marksOf, type Question } from './questions.ts';
import { moments, RangeBar } from './range.tsx';
import { KEEP_HISTORY } from './words.ts';

/** Points across a chart: about one for every two pixels of a large screen. */
const POINTS = 360;

export function Charts({ subject, row }: { readonly subject: Subject; readonly row: Row | undefined }) {
  const now = model.value;
  if (now === undefined) return null;
  const since = sinceOf(row);
  const range = moments(since);
  const steps = stepsOf(range, { points: POINTS, window: now.window });
  const moving = isMoving(place.value.range);
  const specs = chartsOf(subject, { step: steps.step, window: now.window });
  const marks = useMarks(subject, steps, moving);
  return (
    <section>
      <RangeBar since={since} />
      <div class="charts">
        {specs.map((spec) => (
          <Asking key={spec.id} {...{ spec, steps, moving, marks }} row={row} />
        ))}
      </div>
    </section>
  );
}

/** Of a container when it was made: what was before is not to be seen. */
function sinceOf(row: Row | undefined): number | undefined {
  return row?.kind === 'container' ? (row.created ?? undefined) : undefined;
}

function useMarks(subject: Subject, steps: Steps, moving: boolean): readonly Mark[] {
  const asked = marksOf(subject, steps.step);
  const { answers } = useAnswers({ questions: asked, steps, moving });
  return asked.flatMap(({ what }, i) => momentsIn(answers?.[i] ?? [], what, steps));
}

interface AskingProps {
  readonly spec: ChartSpec;
  readonly steps: Steps;
  readonly moving: boolean;
  readonly marks: readonly Mark[];
  readonly row: Row | undefined;
}

function Asking({ spec, steps, moving, marks, row }: AskingProps) {
  const { id, title, unit, questions } = spec;
  const length = steps.to - steps.from + steps.step;
  const { compare } = place.value;
  const now = useAnswers({ questions, steps, moving });
  const earlier = { ...steps, from: steps.from - length, to: steps.to - length };
  const before = useAnswers({
    questions: compare ? questions.filter(({ limit }) => !limit) : [],
    steps: earlier,
    moving,
  });
  const promql = questions.map(({ expr }) => expr);
  const shown = now.steps ?? steps;
  if (now.error?.missing && row) return <Seen {...{ id, title, unit, promql, row, steps }} />;
  const drawing = drawingOf(
    [
      ...answered(questions, now.answers),
      ...answered(
        questions.filter(({ limit }) => !limit),
        compare ? before.answers : undefined,
      ).map((each) => ({ ...each, by: length })),
    ],
    shown,
  );
  const note = now.error
    ? wordsOf(now.error)
    : now.answers && drawing.lines.length === 0
      ? 'Nothing was measured in this time.'
      : undefined;
  return <Chart {...{ id, title, unit, drawing, marks, promql }} {...(note === undefined ? {} : { note })} />;
}

function answered(questions: readonly Question[], answers: readonly (readonly Series[])[] | undefined) {
  return answers === undefined
    ? []
    : questions.flatMap((question, i) => (answers[i] ? [{ question, series: answers[i] }] : []));
}

function wordsOf(error: QueryError): string {
  return error.missing ? KEEP_HISTORY : error.message;
}

/** Without history: CPU and memory as this page has seen them. */
function Seen({
  id,
  title,
  unit,
  promql,
  row,
  steps,
}: Pick<ChartSpec, 'id' | 'title' | 'unit'> & { promql: string[]; row: Row; steps: Steps }) {
  const values = id === 'cpu' ? row.cpuTrail : id === 'memory' ? row.memoryTrail : undefined;
  const window = model.value?.window ?? steps.step;
  const end = model.value?.end ?? steps.to;
  const times = (values ?? []).map((_, i) => end - ((values?.length ?? 0) - 1 - i) * window);
  const drawing = {
    times,
    lines:
      values === undefined
        ? []
        : [
            {
              name: id === 'cpu' ? 'used' : 'working set',
              limit: false,
              below: false,
              before: false,
              values: [...values],
            },
          ],
  };
  const note = values === undefined ? { note: KEEP_HISTORY } : {};
  return (
    <Chart
      {...{
        id,
        title: values === undefined ? title : `${title}, since this page was opened`,
        unit,
        drawing,
        marks: [],
        promql,
      }}
      {...note}
    />
  );
}
