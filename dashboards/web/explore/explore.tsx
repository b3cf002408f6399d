/** Explore: a question in PromQL, its answer as a chart and as a table, or what is wrong with it and where. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type Answer, QueryError, query, queryRange, type Series } from '../api/prom.ts';
import { Chart } from '../detail/chart.tsx';
import { drawingOf } from '../detail/columns.ts';
import { moments, RangeBar } from '../detail/range.tsx';
import { KEEP_HISTORY } from '../detail/words.ts';
import { model } from '../live/link.ts';
import { adjust, place } from '../state/place.ts';
import { type Steps, stepsOf } from '../state/range.ts';
import { count, say, type Unit, unitOf } from '../units/figures.ts';
import { Box } from './box.tsx';
import { placeIn } from './complete.ts';

interface Answered {
  readonly expr: string;
  readonly now: Answer;
  readonly range: Answer;
  readonly steps: Steps;
}

/** More lines than so many are a cloud. */
const MAX_LINES = 40;
const MAX_ROWS = 500;

export function Explore() {
  const text = useSignal(place.value.expr);
  const answer = useSignal<Answered | undefined>(undefined);
  const error = useSignal<QueryError | undefined>(undefined);
  const { expr, range } = place.value;
  const run = async (signal?: AbortSignal): Promise<void> => {
    if (expr.trim() === '') return;
    if (model.peek()?.pipeline.history === false) {
      error.value = new QueryError('Nothing keeps history here.', true);
      return;
    }
    const window = model.value?.window ?? 10;
    const steps = stepsOf(moments(), { points: 360, window });
    try {
      const [now, over] = await Promise.all([query(expr, steps.to, signal), queryRange({ expr, ...steps }, signal)]);
      answer.value = { expr, now, range: over, steps };
      error.value = undefined;
    } catch (cause) {
      if (signal?.aborted) return;
      error.value = cause instanceof QueryError ? cause : new QueryError('The collector does not answer.');
    }
  };
  useEffect(() => {
    const abort = new AbortController();
    void run(abort.signal);
    return () => abort.abort();
  }, [expr, JSON.stringify(range)]);
  return (
    <section>
      <h1>Explore</h1>
      <Box
        text={text.value}
        onText={(now) => (text.value = now)}
        onRun={() => (text.value === expr ? void run() : adjust({ expr: text.value }))}
      />
      <div class="tools">
        <button
          type="button"
          class="main"
          onClick={() => (text.value === expr ? void run() : adjust({ expr: text.value }))}
        >
          Ask
        </button>
        <span class="faint">Enter asks, Shift+Enter is a new line</span>
      </div>
      <RangeBar comparing={false} />
      {error.value ? (
        <Trouble error={error.value} text={expr} />
      ) : answer.value ? (
        <Shown answered={answer.value} />
      ) : expr === '' ? (
        <Examples />
      ) : null}
    </section>
  );
}

function Trouble({ error, text }: { readonly error: QueryError; readonly text: string }) {
  if (error.missing) return <p class="empty">{KEEP_HISTORY}</p>;
  const at = placeIn(error.message, text);
  return (
    <div class="empty" role="alert">
      <p class="bad">▲ {error.message}</p>
      {at === undefined ? null : (
        <pre>
          {text.slice(0, at)}
          <mark>{text.slice(at, at + 1) || '⏎'}</mark>
          {text.slice(at + 1)}
        </pre>
      )}
    </div>
  );
}

function Shown({ answered }: { readonly answered: Answered }) {
  const { expr, now, range, steps } = answered;
  const unit = unitFor(expr);
  const lines = range.series.slice(0, MAX_LINES);
  const drawing = drawingOf(
    lines.map((series) => ({ question: { name: nameOf(series), expr }, series: [series] })),
    steps,
  );
  const nothing = range.series.length === 0 ? { note: 'No series fits the question in this time.' } : {};
  return (
    <>
      {[...now.warnings, ...range.warnings].map((words) => (
        <p key={words} class="warn">
          ◐ {words}
        </p>
      ))}
      <Chart
        id="explore"
        title={`${range.series.length} series`}
        unit={unit}
        drawing={drawing}
        marks={[]}
        promql={[expr]}
        {...nothing}
      />
      {range.series.length > MAX_LINES ? (
        <p class="faint">The chart has the first {MAX_LINES}; topk(10, …) has the largest.</p>
      ) : null}
      <Values series={now.series} unit={unit} />
    </>
  );
}

function Values({ series, unit }: { readonly series: readonly Series[]; readonly unit: Unit }) {
  if (series.length === 0) return null;
  const names = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))].filter((name) => name !== '__name__');
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Values">
      <table>
        <caption>At the end of the range</caption>
        <thead>
          <tr>
            <th scope="col">Value</th>
            {names.map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {series.slice(0, MAX_ROWS).map(({ labels, points }) => (
            <tr key={JSON.stringify(labels)}>
              <td class="right" title={String(points.at(-1)?.[1])}>
                {say(points.at(-1)?.[1], unit)}
              </td>
              {names.map((name) => (
                <td key={name}>{Object.hasOwn(labels, name) ? labels[name] : ''}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {series.length > MAX_ROWS ? <p class="faint">{count(series.length - MAX_ROWS)} more are left out.</p> : null}
    </div>
  );
}

/** By the first metric that is named; what is multiplied or divided has a unit of its own. */
function unitFor(expr: string): Unit {
  if (/[*/]/.test(expr.replaceAll(/"[^"]*"/g, ''))) return 'count';
  const metric = /[a-zA-Z_:][a-zA-Z0-9_:]*(?=\s*[{[])|^[a-zA-Z_:][a-zA-Z0-9_:]*$/.exec(expr.trim())?.[0] ?? '';
  const rated = /\b(rate|irate|deriv)\s*\(/.test(expr);
  return rated && /cpu_.*seconds_total$/.test(metric) ? 'cores' : unitOf(metric, rated);
}

function nameOf({ labels }: Series): string {
  const rest = Object.entries(labels).filter(([name]) => name !== '__name__' && name !== 'job' && name !== 'instance');
  const text = rest.map(([name, value]) => `${name}="${value}"`).join(', ');
  const whole =
    `${Object.hasOwn(labels, '__name__') ? labels.__name__ : ''}${text === '' ? '' : `{${text}}`}` || 'value';
  return whole.length > 120 ? `${whole.slice(0, 119)}…` : whole;
}

const EXAMPLES = [
  ['The five that use most CPU', 'topk(5, sum by (name) (rate(container_cpu_usage_seconds_total{name!=""}[5m])))'],
  ['The five that use most memory', 'topk(5, max by (name) (container_memory_working_set_bytes{name!=""}))'],
  [
    'How near to its memory limit each is',
    'container_memory_working_set_bytes / (container_spec_memory_limit_bytes > 0)',
  ],
  [
    'Processes killed for want of memory in a day',
    'sum by (name) (increase(container_oom_events_total{name!=""}[1d])) > 0',
  ],
] as const;

function Examples() {
  return (
    <div class="empty">
      <p>Ask something, or begin with one of these:</p>
      <ul>
        {EXAMPLES.map(([words, expr]) => (
          <li key={words}>
            <button
              type="button"
              class="plain"
              onClick={() => location.assign(`?view=explore&expr=${encodeURIComponent(expr)}`)}
            >
              {words}
            </button>
            <br />
            <code class="faint">{expr}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}
