/** Dashboards made for cAdvisor find its version and its errors under their names, types and labels. */
import { expect, test } from 'vitest';
import { exposeAgent } from '../../agents/exposed.ts';
import { NOT_CONNECTED } from '../../agents/docker/status.ts';
import { createSelfMetrics } from '../../src/self/metrics.ts';
import { VERSION } from '../../src/version.ts';

/** The page's lines of these names, with sources that are up or not. */
async function linesWith(sources: Readonly<Record<string, boolean>>): Promise<string[]> {
  const self = createSelfMetrics({ version: VERSION, role: 'agent' });
  const engine = (status: object) => ({
    endpoint: 'x',
    inventory: { status: () => ({ ...NOT_CONNECTED, ...status }) },
  });
  const parts = {
    scraper: { health: Object.entries(sources).map(([source, up]) => ({ source, up })) },
    engines: { all: [engine({ podman: true, version: '5.4' }), engine({ version: '28.5.1' })] },
    machine: new Map([
      ['kernel', '6.12.0'],
      ['os', 'Debian GNU/Linux 13 (trixie)'],
    ]),
  };
  const other = { ticker: { runs: 0, missed: 0 }, sending: undefined, tickSeconds: () => 0, lastTickMs: () => 0 };
  exposeAgent(self, { parts, ...other } as unknown as Parameters<typeof exposeAgent>[1]);
  const names = ['cadvisor_version_info', 'container_scrape_error', 'machine_scrape_error'];
  const pages = await Promise.all(names.map((name) => self.registry.getSingleMetricAsString(name)));
  return pages.flatMap((page) => page.split('\n').filter((line) => !line.startsWith('# HELP')));
}

test('cadvisor_version_info, container_scrape_error, machine_scrape_error', async () => {
  const version = `kernelVersion="6.12.0",osVersion="Debian GNU/Linux 13 (trixie)",dockerVersion="28.5.1",cadvisorVersion="plimsoll-${VERSION}",cadvisorRevision=""`;
  expect(await linesWith({ host: true, topology: true, cgroup: true, docker: true })).toEqual([
    '# TYPE cadvisor_version_info gauge',
    `cadvisor_version_info{${version}} 1`,
    '# TYPE container_scrape_error gauge',
    'container_scrape_error 0',
    '# TYPE machine_scrape_error gauge',
    'machine_scrape_error 0',
  ]);
});

test.each([
  ['a source of containers’ numbers', { host: true, cgroup: false }, [1, 0]],
  ['the machine’s', { host: false, cgroup: true }, [0, 1]],
])('%s is not up', async (_, sources, [ofContainers, ofMachine]) => {
  const lines = await linesWith(sources);
  expect(lines).toContain(`container_scrape_error ${ofContainers}`);
  expect(lines).toContain(`machine_scrape_error ${ofMachine}`);
});
