/**
 * Content that nobody should write and somebody does: labels, variables, host names, interfaces and cgroups with quotes, newlines and
 * backslashes, ten thousand labels on a container, a label of a megabyte. Both pages stay readable for promtool, a real Prometheus holds
 * every value exactly, limits are counted, and an ordinary container beside them is not touched.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { engineAt, IMAGE } from '../support/engine.ts';
import { startContainer } from '../support/engineapi.ts';
import { kernelSeries } from '../support/livehost.ts';
import type { Page } from '../support/page.ts';
import { NODE, type Stage, startStage, type ViewName } from '../support/stage.ts';
import { promtool } from '../support/promtool.ts';

const socket = inject('dockerSocket');
const engine = engineAt(socket);
const STAY = ['sh', '-c', 'trap "exit 0" TERM; sleep 100000 & wait'];
const EVERYWHERE: readonly ViewName[] = ['agent', 'collector', 'scraped agent', 'scraped collector'];

/** Of a container's label or variable, as README has it; longer ones are cut. */
const MAX_VALUE = 1024;
/** Labels of one container. */
const MAX_LABELS = 128;

/** Keys and values; the name that Prometheus may have is the key with `_` for whatever is no letter, digit or `_`. */
const LABELS: Readonly<Record<string, string>> = {
  quote: 'say "hi"',
  newline: 'two\nlines\r\nand\ttab',
  backslash: 'C:\\new\\',
  'looks.escaped': '\\n\\"\\\\',
  braces: '{a="b",c}# HELP x',
  unicode: 'größe 🐳 \u2028 \u0001',
  edges: '  spaced  ',
  __name__: 'renamed',
  constructor: 'function',
  'ключ-1': 'Cyrillic key',
  le: '+Inf',
  id: '/not-the-id',
};

let stage: Stage;

beforeAll(async () => {
  await engine.run({
    name: 'plain',
    flags: ['--memory', '64m', '--label', 'team=red'],
    script: 'trap "exit 0" TERM; sleep 100000 & wait',
  });
  const hostile = JSON.parse(JSON.stringify(LABELS)) as Record<string, string>;
  // As an own key, which a literal cannot write.
  Object.defineProperty(hostile, '__proto__', { value: 'polluted', enumerable: true });
  await startContainer(socket, 'hostile', {
    Image: IMAGE,
    Cmd: STAY,
    Labels: hostile,
    Env: ['PATH=/bin', 'SAY="hi"\n=\\', 'constructor=x', `LONG=${'y'.repeat(100_000)}`],
    Hostname: 'a"b\\c\nd',
    HostConfig: { CapAdd: ['NET_ADMIN'], CgroupParent: '/pa"rent\\ s' },
  });
  await engine.docker(
    'exec',
    'hostile',
    'sh',
    '-c',
    "ip link set eth0 down && ip link set eth0 name 'e\"t\\h' && ip link set 'e\"t\\h' up",
  );
  const crowd = Array.from({ length: 10_000 }, (_, i) => [`l${String(i).padStart(5, '0')}`, `value ${i}`]);
  await startContainer(socket, 'crowded', { Image: IMAGE, Cmd: STAY, Labels: Object.fromEntries(crowd) });
  await startContainer(socket, 'huge', {
    Image: IMAGE,
    Cmd: STAY,
    Labels: { big: '"\\\n🐳'.repeat(210_000), small: 'x' },
  });
  stage = await startStage({ socket, agent: { labels: ['*'], env: ['*'] } });
  for (const view of EVERYWHERE) {
    await stage.until(
      view,
      (page) => page.all('container_memory_rss', { name: 'huge' }).length === 1,
      'the last container',
    );
  }
}, 120_000);

afterAll(async () => {
  await stage?.stop();
  await engine.remove();
});

/** The labels of the container's only memory series. */
function labelsOf(page: Page, name: string): Record<string, string> {
  const [series, ...others] = page.all('container_memory_rss', { name });
  expect(others).toEqual([]);
  return Object.fromEntries(series?.labels ?? []);
}

const labelName = (key: string): string => `container_label_${key.replace(/[^a-zA-Z0-9_]/g, '_')}`;

describe.each(EVERYWHERE)('%s', (view) => {
  test('every label and variable has the value that was given', async () => {
    const found = labelsOf(await stage.views[view](), 'hostile');
    for (const [key, value] of Object.entries(LABELS)) expect(found[labelName(key)], key).toBe(value);
    expect(found.container_label___proto__).toBe('polluted');
    expect(found.container_env_say).toBe('"hi"\n=\\');
    expect(found.container_env_constructor).toBe('x');
    expect(found.container_env_long).toBe('y'.repeat(MAX_VALUE));
    const id = await engine.field('hostile', '.Id');
    expect(found.id).toBe(`/pa"rent\\ s/${id}`);
  });

  test('an interface and a host name are as hostile as they were made', async () => {
    const page = await stage.views[view]();
    expect(
      page
        .all('container_network_receive_bytes_total', { name: 'hostile' })
        .map(({ labels }) => labels.get('interface')),
    ).toEqual(['e"t\\h']);
    expect(page.all('container_info', { name: 'hostile' }).map(({ labels }) => labels.get('hostname'))).toEqual([
      'a"b\\c\nd',
    ]);
  });

  test('of ten thousand labels the first are kept, of a megabyte the beginning', async () => {
    const page = await stage.views[view]();
    const kept = Object.keys(labelsOf(page, 'crowded')).filter((name) => name.startsWith('container_label_'));
    expect(kept).toHaveLength(MAX_LABELS);
    expect(kept.sort().at(-1)).toBe('container_label_l00127');
    const huge = labelsOf(page, 'huge');
    // Four characters a turn, the last of them two code units long: 1024 end in the middle of one, which goes whole.
    const turns = '"\\\n🐳'.repeat(300);
    expect(turns.startsWith(huge.container_label_big ?? 'nothing')).toBe(true);
    expect(huge.container_label_big?.length).toBeGreaterThan(MAX_VALUE - 2);
    expect(huge.container_label_big?.isWellFormed()).toBe(true);
    expect(huge.container_label_small).toBe('x');
  });

  test('the ordinary container has its own labels and the kernel’s numbers', async () => {
    const page = await stage.views[view]();
    const node = view.endsWith('collector') ? ['node'] : [];
    const scraped = view.startsWith('scraped') ? ['instance', 'job'] : [];
    const own = ['container_env_path', 'container_label_team', 'id', 'image', 'name'];
    expect(Object.keys(labelsOf(page, 'plain')).sort()).toEqual([...own, ...node, ...scraped].sort());
    const kernel = [...(await kernelSeries(engine)).values()].find(
      ({ metric, labels }) => metric === 'container_spec_memory_limit_bytes' && labels.name === 'plain',
    );
    expect(page.value('container_spec_memory_limit_bytes', { name: 'plain' })).toBe(kernel?.value);
    expect(kernel?.value).toBe(64 * 1024 * 1024);
  });
});

test.each(['agent', 'collector', 'containers'] as const)(
  'promtool finds nothing wrong with the %s’s page',
  async (side) => {
    const input = await stage.program.metrics(side);
    expect(promtool(input)).toEqual([]);
  },
);

test('what was cut and left out is counted', async () => {
  const page = await stage.views.agent();
  const limited = (what: string): number => page.value('plimsoll_engine_limited_total', { what });
  expect(limited('label')).toBeGreaterThanOrEqual(10_000 - MAX_LABELS);
  // LONG of hostile, big of huge; each counted as often as the container was looked at.
  expect(limited('label_value')).toBeGreaterThanOrEqual(2);
  expect(limited('container')).toBe(0);
});

test('groups add hostile containers up like any other', async () => {
  const page = await stage.views['scraped collector']();
  expect(page.value('node_containers', { node: NODE })).toBe(4);
});
