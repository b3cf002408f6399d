/** The environment: variables of neighbours that only look like ours, keys with a name in them, and mistakes. */
import { describe, expect, test } from 'vitest';
import { configLeaves } from '../../../src/config/leaves.ts';
import { loadConfig } from '../../../src/config/load.ts';

function load(env: Record<string, string>, flags: Record<string, string> = {}) {
  return loadConfig({ env, flags: new Map(Object.entries(flags)) });
}

/** What Kubernetes puts into each pod of a namespace for a Service (kubernetes.io, "Discovering services", and its docker-links part). */
function serviceVariables(service: string, portName: string): Record<string, string> {
  const name = service.toUpperCase().replaceAll('-', '_');
  return {
    [`${name}_SERVICE_HOST`]: '10.0.0.11',
    [`${name}_SERVICE_PORT`]: '9640',
    [`${name}_SERVICE_PORT_${portName}`]: '9640',
    [`${name}_PORT`]: 'tcp://10.0.0.11:9640',
    [`${name}_PORT_9640_TCP`]: 'tcp://10.0.0.11:9640',
    [`${name}_PORT_9640_TCP_PROTO`]: 'tcp',
    [`${name}_PORT_9640_TCP_PORT`]: '9640',
    [`${name}_PORT_9640_TCP_ADDR`]: '10.0.0.11',
    [`${name}_PORT_53_UDP_ADDR`]: '10.0.0.11',
  };
}

describe('a neighbour’s variables are passed over', () => {
  test.each([
    'plimsoll',
    'plimsoll-agent',
    'plimsoll-collector',
    'plimsoll-sinks-main',
    'plimsoll-agent-env',
    'plimsoll-config',
    'plimsoll-collector-levels-team',
  ])('of a Kubernetes Service called %s', (service) => {
    const env = { ...serviceVariables(service, 'HTTP'), PLIMSOLL_AGENT_INTERVAL: '3s' };
    expect(load(env)).toEqual(load({ PLIMSOLL_AGENT_INTERVAL: '3s' }));
  });

  test('of a linked container', () => {
    const env = {
      PLIMSOLL_NAME: '/web/plimsoll',
      PLIMSOLL_PORT: 'tcp://172.17.0.5:9640',
      PLIMSOLL_PORT_9640_TCP: 'tcp://172.17.0.5:9640',
      PLIMSOLL_PORT_9640_TCP_START: 'tcp://172.17.0.5:9640',
      PLIMSOLL_ENV_NODE_VERSION: '20.15.1',
      PLIMSOLL_COLLECTOR_NAME: '/web/plimsoll-collector',
      PLIMSOLL_COLLECTOR_ENV_NODE_VERSION: '20.15.1',
    };
    expect(load(env)).toEqual(load({}));
  });

  test.each([
    ['PLIMSOLL_PORT', '9640'],
    ['PLIMSOLL_AGENT_PORT', '9641'],
    ['PLIMSOLL_NAME', 'web-1'],
    ['PLIMSOLL_AGENT_ENV_LABELS', 'a'],
    ['PLIMSOLL_SERVICE', 'x'],
    ['PLIMSOLL_AGENT_LISTENN', ':1'],
  ])('but %s=%s is no neighbour’s: it stops the start', (variable, value) => {
    expect(() => load({ [variable]: value })).toThrow(`environment ${variable}: no such key`);
  });
});

describe('sinks and levels', () => {
  test('are set by variables, as README promises', () => {
    const { sinks } = load({
      PLIMSOLL_SINKS_MAIN_KIND: 'influxdb1',
      PLIMSOLL_SINKS_MAIN_URL: 'http://influx:8086',
      PLIMSOLL_SINKS_MAIN_DATABASE: 'containers',
      PLIMSOLL_SINKS_MAIN_QUEUE_FRAMES: '7',
      PLIMSOLL_SINKS_MAIN_LEVELS: 'service, node',
    });
    expect(sinks.main).toMatchObject({
      kind: 'influxdb1',
      url: { url: 'http://influx:8086', login: undefined },
      database: 'containers',
      queue_frames: 7,
      levels: ['service', 'node'],
    });
  });

  test('are set by flags, which win', () => {
    const { sinks, collector } = load(
      { PLIMSOLL_SINKS_MAIN_KIND: 'stdout', PLIMSOLL_SINKS_MAIN_TIMEOUT: '1s' },
      {
        'sinks.main.timeout': '2s',
        'collector.levels.team.by.team': 'container_label_team',
        'collector.levels.pod': 'null',
      },
    );
    expect(sinks.main).toMatchObject({ kind: 'stdout', timeout: 2000 });
    expect(collector.levels).toEqual({ team: { by: { team: 'container_label_team' } }, pod: null });
  });

  test('may have underscores in their names: the end of the variable is the key', () => {
    const { sinks } = load({
      PLIMSOLL_SINKS_MY_TOKEN_KIND: 'influxdb2',
      PLIMSOLL_SINKS_MY_TOKEN_URL: 'http://h',
      PLIMSOLL_SINKS_MY_TOKEN_BUCKET: 'b',
      PLIMSOLL_SINKS_MY_TOKEN_TOKEN_FILE: '/run/token',
      PLIMSOLL_SINKS_MY_TOKEN_TLS_CA: '/run/ca.pem',
    });
    expect(sinks.my_token).toMatchObject({ token_file: '/run/token', tls: { ca: '/run/ca.pem' } });
  });

  test('a level’s name ends at the first _BY_', () => {
    const { collector } = load({
      PLIMSOLL_COLLECTOR_LEVELS_COST_CENTRE_BY_COST_CENTRE: 'container_label_cost',
      PLIMSOLL_COLLECTOR_LEVELS_COST_CENTRE_BY_OWNED_BY_TEAM: 'container_label_team',
      PLIMSOLL_COLLECTOR_LEVELS_NAMESPACE: 'null',
    });
    expect(collector.levels).toEqual({
      cost_centre: { by: { cost_centre: 'container_label_cost', owned_by_team: 'container_label_team' } },
      namespace: null,
    });
  });

  test('no key of a sink ends like another one, so that there is one reading', () => {
    const ends = configLeaves()
      .filter(({ path }) => path.startsWith('sinks.*.'))
      .map(({ env }) => env.replace('PLIMSOLL_SINKS_*', ''));
    expect(ends.length).toBeGreaterThan(10);
    expect(ends.filter((end) => ends.some((other) => other !== end && other.endsWith(end)))).toEqual([]);
  });

  test.each([
    ['PLIMSOLL_SINKS_MAIN_URLL', 'x', 'did you mean PLIMSOLL_SINKS_MAIN_URL?'],
    ['PLIMSOLL_SINKS_MY_INFLUX_TOKEN_FIL', 'x', 'did you mean PLIMSOLL_SINKS_MY_INFLUX_TOKEN_FILE?'],
    ['PLIMSOLL_SINKS_MAIN', 'http://h', 'legal here: PLIMSOLL_SINKS_<NAME>_KIND, PLIMSOLL_SINKS_<NAME>_URL'],
    ['PLIMSOLL_COLLECTOR_LEVELS_POD', 'false', 'PLIMSOLL_COLLECTOR_LEVELS_<NAME>_BY_<LABEL>'],
  ])('%s=%s is refused: %s', (variable, value, words) => {
    expect(() => load({ [variable]: value })).toThrow(words);
  });

  test('an impossible value is said with the variable it came from', () => {
    expect(() => load({ PLIMSOLL_SINKS_MAIN_KIND: 'stdout', PLIMSOLL_SINKS_MAIN_TIMEOUT: 'soon' })).toThrow(
      'sinks.main.timeout: is "soon" (environment PLIMSOLL_SINKS_MAIN_TIMEOUT): must be a duration',
    );
  });
});

describe('keys of another program', () => {
  test.each([
    ['agent', 'collector.window', '1s', 'plimsoll run and plimsoll collector'],
    ['agent', 'sinks.main.url', 'http://h', 'plimsoll run and plimsoll collector'],
    ['collector', 'agent.interval', '1s', 'plimsoll run and plimsoll agent'],
    ['collector', 'agent.push.url', 'http://h', 'plimsoll agent'],
    ['run', 'agent.push.url', 'http://h', 'plimsoll agent'],
    ['top', 'agent.interval', '1s', 'plimsoll run and plimsoll agent'],
  ] as const)('%s refuses the flag --%s', (program, path, value, owners) => {
    const given = { env: {}, flags: new Map([[path, value]]), program };
    expect(() => loadConfig(given)).toThrow(
      `flag --${path}: ${path} is a key of ${owners}; plimsoll ${program} would not`,
    );
  });

  test('and the variable; top, which runs beside another program, passes it over', () => {
    const env = { PLIMSOLL_COLLECTOR_WINDOW: '1s' };
    const flags = new Map<string, string>();
    expect(() => loadConfig({ env, flags, program: 'agent' })).toThrow('environment PLIMSOLL_COLLECTOR_WINDOW: ');
    expect(loadConfig({ env, flags, program: 'top' }).collector.window).toBe(1000);
    expect(loadConfig({ env, flags }).collector.window).toBe(1000);
  });
});
