/**
 * The collector's page in a real browser, over real containers: what it shows is what the API says at that moment; filter, sort, groups, address,
 * live, keyboard, phone, dark, a lost connection and a collector that is restarted below an open page.
 */
import AxeBuilder from 'axe-core';
import type { Browser, Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { burn } from '../support/containers.ts';
import { open, startBrowser, until } from '../support/browser.ts';
import { engineAt } from '../support/engine.ts';
import { type Program, startProgram } from '../support/program.ts';
import { serviceLabels } from '../support/stage.ts';
import { waitFor } from '../support/wait.ts';

const engine = engineAt(inject('dockerSocket'));
const MIB = 1024 * 1024;
/** What the container `full` writes into its memory, in bytes: 24 MiB of its 32. */
const FILLED = 25_165_824;

let browser: Browser;
let program: Program;

beforeAll(async () => {
  browser = await startBrowser();
  await burn(engine, { name: 'busy', cores: 0.3 });
  // 75 % of its memory and more.
  await engine.run({
    name: 'full',
    flags: ['--memory', '32m', '--memory-swap', '32m'],
    script: `head -c ${FILLED} /dev/zero | tail -c ${FILLED} | sleep 100000`,
  });
  for (const name of ['shop-web-1', 'shop-web-2'])
    await engine.run({ name, flags: serviceLabels('shop', 'web'), script: 'sleep 100000' });
  await engine.run({
    name: 'ill',
    flags: ['--health-cmd', 'false', '--health-interval', '1s', '--health-retries', '1'],
    script: 'sleep 100000',
  });
  await engine.run({ name: 'failed', script: 'exit 3' });
  await engine.run({
    name: 'hostile',
    flags: [
      '--label',
      'com.docker.compose.project=<img src=x onerror=alert(1)>',
      '--label',
      'com.docker.compose.service="><script>alert(1)</script>',
    ],
    script: 'sleep 100000',
  });
  program = await startProgram({
    command: 'run',
    config: {
      node: 'host-1',
      agent: { interval: '1s', engines: [`unix://${engine.socket}`] },
      collector: { window: '1s', lateness: '200ms' },
    },
  });
  await program.ready();
});

afterAll(async () => {
  await browser?.close();
  await program?.stop();
  await engine.remove();
});

/** What the API says now; waited for, since the newest window may still be on its way to the store. */
function answerOf(expr: string): Promise<number> {
  return waitFor(
    async () => {
      const answer = await fetch(`${program.collectorUrl}/api/v1/query?${new URLSearchParams({ query: expr })}`);
      const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
      const [first] = data.result;
      return first && { value: Number(first.value[1]) };
    },
    { what: expr },
  ).then(({ value }) => value);
}

/** The names in the table, from top to bottom. */
function names(tab: Tab): Promise<string[]> {
  return tab
    .locator('.table .body .name a')
    .allInnerTexts()
    .then((all) => all.map((text) => text.split('\n').at(-1)!.trim()));
}

/** Until these rows are there, in this order. */
function rows(tab: Tab, wanted: readonly string[]): Promise<void> {
  return until(tab, wanted.join(', '), async () => (await names(tab)).join() === wanted.join());
}

/** Until it is the page of one thing: the title of a list is there before. */
function titled(tab: Tab, name: string): Promise<void> {
  return until(tab, `the page of ${name}`, async () =>
    (await tab.locator('h1.subject').allInnerTexts()).some((text) => text.startsWith(name)),
  );
}

function rowOf(tab: Tab, name: string) {
  return tab.locator('.table .body [role=row]').filter({ has: tab.locator(`.name a[title="${name}"]`) });
}

async function opened(query = '', options: Parameters<typeof open>[2] = {}) {
  const seen = await open(browser, `${program.collectorUrl}/${query}`, options);
  await until(seen.page, 'the table', async () => (await seen.page.locator('main section, main article').count()) > 0);
  return seen;
}

describe('the list', () => {
  test('what a row says is what the API says', async () => {
    const { page, complaints, context } = await opened();
    // Shown with three digits; once it has filled what it fills, it holds that.
    await until(page, 'the memory that the API says, all that it fills', async () => {
      const memory = await rowOf(page, 'full').locator('.memory').innerText();
      const value = await answerOf('container_memory_working_set_bytes{name="full"}');
      return value > FILLED && Math.abs(Number.parseFloat(memory) * MIB - value) / value < 0.03;
    });
    await until(page, 'the CPU of who burns 0.3 cores', async () => {
      const cpu = Number.parseFloat(await rowOf(page, 'busy').locator('.cpu').innerText());
      return cpu > 20 && cpu < 45;
    });
    await until(page, 'the health', async () =>
      (await rowOf(page, 'ill').locator('[role=cell].state').innerText()).includes('unhealthy'),
    );
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('what is wrong is on top, and leads to its place; what ended is below', async () => {
    const { page, context } = await opened();
    const wrong = page.getByRole('region', { name: 'What is wrong now' });
    await until(page, 'both to be said', async () => {
      const text = await wrong.innerText().catch(() => '');
      return /ill on host-1 is unhealthy/.test(text) && /failed on host-1 exited with 3/.test(text);
    });
    await wrong.getByRole('link', { name: 'ill on host-1' }).click();
    await titled(page, 'ill');
    await page.goBack();
    await until(page, 'what ended', async () =>
      /Lately[\s\S]*failed[\s\S]*exited with 3/.test(await page.locator('main').innerText()),
    );
    await context.close();
  });

  test('filter, sort and group are in the address, and the address shows them again', async () => {
    const { page, context } = await opened();
    await page.getByPlaceholder(/Filter/).fill('name:shop-web');
    await until(page, 'two rows', async () => (await names(page)).length === 2);
    await page.getByRole('button', { name: 'Name' }).click();
    await rows(page, ['shop-web-1', 'shop-web-2']);
    await page.getByRole('button', { name: 'Name' }).click();
    await rows(page, ['shop-web-2', 'shop-web-1']);
    await page.getByLabel('Group by').selectOption('service');
    await until(page, 'a group', async () => (await page.locator('.row.group').count()) === 1);
    await until(page, 'how many of it run', async () =>
      (await page.locator('.row.group').innerText()).includes('2 of 2 running'),
    );
    const { context: other, page: again } = await opened(new URL(page.url()).search);
    await rows(again, ['shop-web-2', 'shop-web-1']);
    expect(await again.getByPlaceholder(/Filter/).inputValue()).toBe('name:shop-web');
    expect(await again.locator('.row.group a').first().innerText()).toBe('shop/web');
    await other.close();
    await context.close();
  });

  test('hostile labels are text', async () => {
    const { page, complaints, context } = await opened('?group=service');
    await until(page, 'the group', async () =>
      (await page.locator('.row.group').allInnerTexts()).some((text) => text.includes('onerror=alert')),
    );
    expect(await page.locator('img').count()).toBe(0);
    await rowOf(page, 'hostile').locator('.name a').click();
    await until(page, 'where it belongs to, as text', async () =>
      (await page.locator('.path').innerText()).includes('<img src=x onerror=alert(1)>'),
    );
    expect(await page.locator('img').count()).toBe(0);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('by keyboard alone: into the filter, down to a row, into it, and back', async () => {
    const { page, context } = await opened();
    await page.keyboard.press('/');
    await page.keyboard.type('name:shop-web');
    await until(page, 'two rows', async () => (await names(page)).length === 2);
    const focused = (): Promise<string> =>
      page.evaluate('document.activeElement.title || document.activeElement.innerText');
    for (let i = 0; i < 40 && !(await focused()).startsWith('shop-web'); i++) await page.keyboard.press('Tab');
    const first = await focused();
    await page.keyboard.press('ArrowDown');
    await until(page, 'the next row to have the focus', async () => (await focused()) !== first);
    const second = await focused();
    expect([first, second].sort()).toEqual(['shop-web-1', 'shop-web-2']);
    await page.keyboard.press('Enter');
    await titled(page, second);
    await context.close();
  });

  test.each([
    ['phone', { width: 390, height: 844 }],
    ['dark', { dark: true }],
  ])('%s: nothing is wider than the screen, and what is dark is dark', async (_name, options) => {
    for (const query of ['', '?view=hosts', '?view=explore', '?view=about']) {
      const { page, context } = await opened(query, options);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), query).toBeLessThanOrEqual(0);
      const ground = (await page.evaluate('getComputedStyle(document.body).backgroundColor')) as string;
      const light = Number(/\d+/.exec(ground)![0]) > 128;
      expect(light).toBe(!('dark' in options));
      await context.close();
    }
  });
});

describe('one container', () => {
  async function charts(query: string) {
    const seen = await opened(query);
    await until(seen.page, 'a chart with values', async () =>
      /working set\s*[\d.]+/.test(
        await seen.page
          .locator('[data-chart=memory]')
          .innerText()
          .catch(() => ''),
      ),
    );
    return seen;
  }

  async function addressOf(name: string): Promise<string> {
    const { page, context } = await opened();
    await rowOf(page, name).locator('.name a').click();
    await until(page, 'its address', async () => page.url().includes('of=container'));
    const { search } = new URL(page.url());
    await context.close();
    return search;
  }

  test('its charts have what the API answers, and go on by themselves', async () => {
    const { page, requests, complaints, context } = await charts(`${await addressOf('full')}&range=5m`);
    await until(page, 'what the API says', async () => {
      const text = await page.locator('[data-chart=memory]').innerText();
      const shown = Number.parseFloat(/working set\s*([\d.]+)/.exec(text)![1]!) * MIB;
      const value = await answerOf('container_memory_working_set_bytes{name="full"}');
      return Math.abs(shown - value) / value < 0.03 && text.includes('limit 32.0 MiB');
    });
    // What is asked later is what is new, not all of the five minutes.
    await until(page, 'a later question', async () => {
      const last = new URL(requests.filter((url) => url.includes('working_set')).at(-1)!).searchParams;
      return Number(last.get('end')) - Number(last.get('start')) < 60;
    });
    expect(requests.every((url) => url.startsWith(program.collectorUrl))).toBe(true);
    expect(complaints).toEqual([]);
    await context.close();
  });

  /** Drags over the chart of CPU from its middle to nine tenths of it; `meanwhile` happens with the button down, one step in. */
  async function dragged(page: Tab, meanwhile?: () => Promise<void>): Promise<number> {
    const plot = page.locator('[data-chart=cpu] .u-over');
    // A chart that is being drawn anew has no place for a moment.
    const box = await waitFor(async () => (await plot.boundingBox()) ?? false, { what: 'a chart' });
    await page.mouse.move(box.x + box.width * 0.5, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.58, box.y + 40);
    await meanwhile?.();
    await page.mouse.move(box.x + box.width * 0.9, box.y + 40, { steps: 4 });
    await page.mouse.up();
    await until(page, 'a range in the address', async () => /range=\d+-\d+/.test(page.url()));
    const [, from, to] = /range=(\d+)-(\d+)/.exec(page.url())!;
    return Number(to) - Number(from);
  }

  test('a chart is zoomed by dragging, all follow, the address says so, and back again', async () => {
    const { page, context } = await charts(`${await addressOf('busy')}&range=5m`);
    // Four tenths of five minutes; the axis is a few windows shorter.
    expect(Math.abs((await dragged(page)) - 120)).toBeLessThan(10);
    await page.getByRole('button', { name: 'Further' }).click();
    await page.getByRole('button', { name: 'Now' }).click();
    await until(page, 'no range in the address', async () => !page.url().includes('range='));
    await context.close();
  });

  test('what comes while a button is held, and a chart that would be drawn anew, leave what is being chosen as it is', async () => {
    const { page, context, requests } = await charts(`${await addressOf('busy')}&range=5m`);
    const asked = (): number => requests.filter((url) => url.includes('query_range')).length;
    const canvas = page.locator('[data-chart=cpu] .canvas');
    // A chart that is being drawn anew has no place for a moment.
    const plotWidth = async (): Promise<number> =>
      (await waitFor(async () => (await canvas.locator('.uplot').boundingBox()) ?? false, { what: 'a chart' })).width;
    const before = await plotWidth();
    const chosen = await dragged(page, async () => {
      const had = asked();
      // Twice what all charts ask: the answers to the first are there by then.
      await until(page, 'new values', async () => asked() > had + 40);
      // Another width makes every chart anew; a larger one, so that the pointer stays over it.
      await page.setViewportSize({ width: 1440, height: 800 });
      await until(page, 'more room', async () => (await canvas.boundingBox())!.width > before + 20);
      expect(await plotWidth()).toBe(before);
    });
    expect(Math.abs(chosen - 120)).toBeLessThan(10);
    // Once it is let go, what was held is made up for.
    await until(page, 'the chart to fill its room', async () => (await plotWidth()) > before + 20);
    await context.close();
  });

  test('explore completes, answers, and points at what is wrong', async () => {
    const { page, context } = await opened('?view=explore');
    const box = page.getByLabel('A question in PromQL');
    await box.pressSequentially('sum by (na');
    await until(page, 'labels', async () =>
      (await page.locator('#choices li').allInnerTexts()).some((text) => text.startsWith('name')),
    );
    await box.fill('');
    await box.pressSequentially('container_memory_working');
    await until(page, 'metrics', async () =>
      (await page.locator('#choices li').allInnerTexts()).some((text) =>
        text.includes('container_memory_working_set_bytes'),
      ),
    );
    await page.keyboard.press('Tab');
    await until(page, 'the name whole', async () => (await box.inputValue()) === 'container_memory_working_set_bytes');
    await box.pressSequentially('{name="full"}');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    await until(page, 'an answer', async () => (await page.locator('table tbody tr').count()) === 1);
    await box.fill('sum(container_threads');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Ask' }).click();
    await until(page, 'an error', async () =>
      /parse error/.test(
        await page
          .getByRole('alert')
          .innerText()
          .catch(() => ''),
      ),
    );
    await until(page, 'its place', async () => (await page.locator('mark').count()) === 1);
    await context.close();
  });
});

describe('standing', () => {
  test('axe finds nothing serious', async () => {
    const looked = [
      [false, ['?ended', '?view=explore', '?of=host&node=host-1']],
      [true, ['?group=service', '?view=hosts', '?view=about']],
    ] as const;
    for (const [dark, queries] of looked)
      for (const query of queries) {
        const { page, context } = await opened(query, { dark });
        // Past the page's own policy, which would not let it in.
        await page.evaluate(AxeBuilder.source);
        const result = (await page.evaluate(
          'axe.run().then(({ violations }) => violations.map(({ id, impact, nodes }) => [id, impact, nodes[0].html, nodes[0].failureSummary]))',
        )) as [string, string, string, string][];
        expect(
          result.filter(([, impact]) => impact === 'serious' || impact === 'critical'),
          `${query} ${dark ? 'dark' : 'light'}`,
        ).toEqual([]);
        await context.close();
      }
  });

  test('without a store the present is there, and it says how to keep history', async () => {
    const without = await startProgram({
      command: 'run',
      config: {
        ...{ node: 'host-1', store: { enabled: false }, collector: { window: '1s', lateness: '200ms' } },
        agent: { interval: '1s', engines: [`unix://${engine.socket}`] },
      },
    });
    await without.ready();
    const { page, context, complaints } = await open(browser, `${without.collectorUrl}/?of=host&node=host-1`);
    await until(page, 'the words', async () =>
      /Nothing keeps history here/.test(await page.locator('main').innerText()),
    );
    // Once the host itself has been seen.
    await until(page, 'what the present can be drawn of', async () =>
      (await page.locator('[data-chart=cpu] h3').innerText()).includes('since this page was opened'),
    );
    expect(complaints).toEqual([]);
    await context.close();
    await without.stop();
  });

  test('a lost connection is said, and its return brings the numbers back; a restarted collector too', async () => {
    const { page, context } = await opened();
    await until(page, 'rows', async () => (await names(page)).length > 3);
    const before = await page.locator('.standing').innerText();
    await program.end();
    await until(page, 'the loss to be said', async () =>
      (await page.locator('main').innerText()).includes('The collector does not answer since'),
    );
    // What was there still is.
    expect((await names(page)).length).toBeGreaterThan(3);
    await program.start();
    await until(
      page,
      'its return',
      async () =>
        /^as of/.test(await page.locator('.standing').innerText()) &&
        (await page.locator('.standing').innerText()) !== before,
    );
    await until(page, 'rows', async () => (await names(page)).includes('busy'));
    await context.close();
  });
});

describe('a token', () => {
  test('is asked for, refused if it is another, kept in a cookie, and opens what the address said', async () => {
    const guarded = await startProgram({
      command: 'collector',
      config: { token: 's3cret-of-the-test' },
      token: 's3cret-of-the-test',
    });
    const { page, context } = await open(browser, `${guarded.collectorUrl}/?view=about`);
    await page.getByLabel('The token of this collector').fill('another');
    await page.keyboard.press('Enter');
    await until(page, 'the refusal', async () =>
      (await page.locator('body').innerText()).includes('That is not the token'),
    );
    await page.getByLabel('The token of this collector').fill('s3cret-of-the-test');
    await page.keyboard.press('Enter');
    await until(page, 'the page', async () => (await page.locator('nav').count()) > 0);
    expect(new URL(page.url()).search).toBe('?view=about');
    expect(await page.evaluate('document.cookie')).toBe('');
    await context.close();
    await guarded.stop();
  });
});
