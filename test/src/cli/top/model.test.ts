/** From one reading to the next: what happened, what is in trouble, how long curves are kept. */
import { describe, expect, test } from 'vitest';
import { memory } from '../../../../src/cli/top/numbers/model.ts';
import { trails } from '../../../../src/cli/top/numbers/trails.ts';
import { silenceTrouble } from '../../../../src/cli/top/numbers/trouble.ts';
import { modelOf, pageWith, readingAt, T0 } from '../../../support/toppage.ts';

const S = T0 / 1000;
const words = (...pages: string[]) =>
  modelOf(...pages).lately.map(({ name, words: text, isBad }) => [name, text, isBad]);

describe('what happened lately', () => {
  const job = (more: string, state = 'exited') =>
    `container_state{id="/docker/j",name="job",state="${state}"} 1\n${more.replaceAll('{}', '{id="/docker/j",name="job"}')}`;

  test('a container that has ended is told of once, in however many readings', () => {
    const ended = job(`container_exit_code{} 3\ncontainer_finished_time_seconds{} ${S + 5}\n`);
    expect(words(job('', 'running'), ended, ended, ended)).toEqual([['job', 'exited with 3', true]]);
    expect(modelOf(ended).lately[0]?.atMs).toBe(T0 + 5000);
  });

  test('one that ended well is nothing bad; one that ended long ago is not told of', () => {
    expect(words(job(`container_exit_code{} 0\ncontainer_finished_time_seconds{} ${S - 60}\n`))).toEqual([
      ['job', 'exited with 0', false],
    ]);
    expect(words(job(`container_exit_code{} 0\ncontainer_finished_time_seconds{} ${S - 3600}\n`))).toEqual([]);
  });

  test('each run of one that is started again has an end of its own', () => {
    const end = (at: number) => job(`container_exit_code{} 1\ncontainer_finished_time_seconds{} ${at}\n`);
    expect(words(end(S), job('', 'running'), end(S + 15))).toHaveLength(2);
  });

  test('restarts, and processes killed in a container that lives on', () => {
    const at = (restarts: number, kills: number) =>
      job(`container_restarts_total{} ${restarts}\ncontainer_oom_events_total{} ${kills}\n`, 'running');
    expect(words(at(1, 0), at(1, 0))).toEqual([]);
    expect(words(at(1, 0), at(3, 2))).toEqual([
      ['job', 'restarted 2 times', true],
      ['job', '2 killed in it for want of memory', true],
    ]);
  });

  test('removed between two readings it is gone; what did not run is not missed', () => {
    const two = pageWith([{ name: 'stays' }, { name: 'goes' }]);
    expect(words(two, pageWith([{ name: 'stays' }]))).toEqual([['goes', 'gone', false]]);
    expect(
      words(pageWith([{ name: 'stays' }, { name: 'old', state: 'exited' }]), pageWith([{ name: 'stays' }])),
    ).toEqual([]);
  });

  test('a host that says nothing any more is one line, not one for each of its containers', () => {
    const on = (node: string) =>
      Array.from({ length: 20 }, (_, i) => ({ name: `${node}-${i}`, labels: `node="${node}"` }));
    expect(words(pageWith([...on('n1'), ...on('n2')]), pageWith(on('n1')))).toEqual([
      ['n2', 'host no longer seen', true],
    ]);
  });
});

describe('trouble of the pipeline', () => {
  const trouble = (...pages: string[]) => modelOf(...pages.map((page) => pageWith([{ name: 'a' }], page))).trouble;

  test('a source that fails, a sink that takes nothing, windows that wait', () => {
    expect(
      trouble(
        'plimsoll_source_up{source="cgroup"} 1\nplimsoll_source_up{source="docker"} 0\nplimsoll_sink_up{sink="main"} 0\nplimsoll_sink_queue_frames{sink="main"} 7\n',
      ),
    ).toEqual([
      'source docker fails: see the agent’s log',
      'sink main takes nothing: see the collector’s log',
      '7 windows wait for the sink main',
    ]);
  });

  test('what was lost long ago is no trouble; what is lost now is, and how much', () => {
    const dropped = (count: number) => `plimsoll_sink_samples_dropped_total{sink="main",reason="overflow"} ${count}\n`;
    expect(trouble(dropped(500))).toEqual([]);
    expect(trouble(dropped(500), dropped(500))).toEqual([]);
    expect(trouble(dropped(500), dropped(501))).toEqual(['1 sample lost at the sink main (overflow)']);
    // A new process counts from 0.
    expect(trouble(dropped(500), dropped(3))).toEqual([]);
  });

  test('clocks that are off, and how much is waiting for a collector', () => {
    const page = 'plimsoll_collector_agent_clock_offset_seconds{node="n2"} -12.5\nplimsoll_push_queue_batches 9\n';
    expect(trouble(page)).toEqual(['9 batches wait for the collector', 'the clock of n2 is off by -12.5 s']);
  });

  test('that nothing new has come for long, for what is usual', () => {
    expect(silenceTrouble(14_000, 1000)).toBeUndefined();
    expect(silenceTrouble(16_000, 1000)).toBe('no new numbers for 16 s');
    expect(silenceTrouble(39_000, 10_000)).toBeUndefined();
    expect(silenceTrouble(41_000, 10_000)).toBe('no new numbers for 41 s');
  });
});

test('the same reading twice changes nothing', () => {
  const kept = memory();
  const page = pageWith([{ name: 'a', cpu: 1 }]);
  kept.take(readingAt(0, page));
  const second = kept.take(readingAt(10, page.replace(' 1\n', ' 2\n')));
  expect(kept.take(readingAt(10, page))).toBe(second);
  expect(second.intervalMs).toBe(10_000);
});

test('curves are bounded: by readings, by a share of all, by age', () => {
  const kept = trails();
  const [row] = modelOf(pageWith([{ name: 'a', memory: 1 }])).containers;
  if (!row) throw new Error('no row');
  for (let i = 0; i < 1000; i++) kept.add([row], T0 + i * 1000);
  expect(kept.of(row.key)?.timesMs).toHaveLength(240);
  // 10 000 of them: 600 000 points are 60 for each.
  const many = Array.from({ length: 10_000 }, (_, i) => ({ ...row, key: `k${i}` }));
  for (let i = 0; i < 70; i++) kept.add(many, T0 + 1_000_000 + i * 1000);
  expect(kept.of('k0')?.timesMs).toHaveLength(60);
  // Not seen for more than five minutes.
  kept.add([row], T0 + 1_070_000 + 301_000);
  expect(kept.of('k0')).toBeUndefined();
});
