/** promtool on the alerts of the pipeline itself: agents, the collector, its sinks. One step is a minute. */
import { cases, machine, target } from '../support/alertcases.ts';

const critical = { severity: 'critical' };
const warning = { severity: 'warning' };
const agent = target('plimsoll-agent', 'web-1:9641');
const collector = target('plimsoll-collector', 'collector:9640');
const containers = target('plimsoll-containers', 'collector:9640');
const isCollector = collector.series('plimsoll_build_info', '1x10', {
  role: 'collector',
  version: '1',
  node_version: '24',
});

cases('AgentDown', {
  'fires when a scraped agent has not answered for three minutes; resolves': {
    series: [agent.series('up', '1x19 0x20 1x20')],
    at: {
      21: [],
      // Six of the eleven scrapes that lie within ten minutes, ends included.
      25: [
        {
          labels: { ...agent.carries, host: 'web-1', ...critical, seen_by: 'prometheus' },
          summary: 'The agent on web-1 does not answer',
          description:
            'The agent web-1:9641 does not answer Prometheus: 54.55% of the scrapes of the last 10 minutes failed. Nothing is known of the containers on web-1.',
        },
      ],
      41: [],
    },
  },
  'fires when a node that sent to the collector has been silent; resolves, and at last forgets it': {
    series: [
      containers.series('up', '1x200'),
      machine('web-2', 'collector').series('container_last_seen', '0+60x10 stale _x9 1260+60x10 stale'),
    ],
    at: {
      11: [],
      15: [
        {
          labels: { job: 'plimsoll-containers', node: 'web-2', host: 'web-2', ...critical, seen_by: 'collector' },
          summary: 'The agent on web-2 is silent',
          description:
            'The collector has had nothing from the agent on web-2 for 5m 0s. Nothing is known of the containers there.',
        },
      ],
      22: [],
      120: [],
    },
  },
  'is silent when an agent restarts, on either setup': {
    series: [
      agent.series('up', '1x19 0x1 1x30'),
      containers.series('up', '1x60'),
      machine('web-2', 'collector').series('container_last_seen', '0+60x19 stale 1260+60x30'),
    ],
    at: { 20: [], 22: [], 25: [] },
  },
  'is silent when it is the collector that does not answer': {
    series: [
      isCollector,
      collector.series('up', '1x9 0x30'),
      containers.series('up', '1x9 0x30'),
      machine('web-2', 'collector').series('container_last_seen', '0+60x9 stale'),
    ],
    at: { 15: [], 25: [] },
  },
});

cases('CollectorDown', {
  'fires once, however many of its pages are scraped; resolves': {
    series: [isCollector, collector.series('up', '1x9 0x20 1x20'), containers.series('up', '1x9 0x20 1x20')],
    at: {
      11: [],
      31: [],
      25: [
        {
          labels: { instance: 'collector:9640', ...critical },
          summary: 'The collector collector:9640 does not answer',
          description:
            'The collector collector:9640 does not answer Prometheus: 100% of the scrapes of the last 10 minutes failed. No groups, no containers by its page, no sinks are served.',
        },
      ],
    },
  },
  'is silent when it restarts, and of an agent that does not answer': {
    series: [isCollector, collector.series('up', '1x9 0x1 1x30'), agent.series('up', '0x40')],
    at: { 11: [], 14: [], 30: [] },
  },
});

cases('AgentTickLate', {
  // Of six ticks a minute three.
  'fires when half of the ticks are left out; resolves': {
    series: [
      agent.series('plimsoll_agent_ticks_total', '0+3x90'),
      agent.series('plimsoll_agent_ticks_missed_total', '0+3x35 105x50'),
    ],
    at: {
      8: [],
      30: [
        {
          labels: { ...agent.carries, ...warning },
          summary: 'The agent web-1:9641 is too slow for its interval',
          description:
            'The agent web-1:9641 left out 50% of its ticks in the last 10 minutes, because those before took too long.',
        },
      ],
      60: [],
    },
  },
  'is silent when one tick was late, and when the agent restarts': {
    series: [
      agent.series('plimsoll_agent_ticks_total', '1000+6x20 0+6x40'),
      agent.series('plimsoll_agent_ticks_missed_total', '50x10 52x10 0x40'),
    ],
    at: { 15: [], 25: [], 40: [] },
  },
});

const docker = { source: 'docker' };
cases('SourceFailing', {
  'fires when a source has not answered for five minutes; resolves': {
    series: [
      agent.series('plimsoll_source_up', '1x9 0x20 1x30', docker),
      agent.series('plimsoll_source_failures_total', '0x9 6+6x20 126x30', docker),
    ],
    at: {
      13: [],
      25: [
        {
          labels: { ...agent.carries, ...docker, ...warning },
          summary: 'The agent web-1:9641 cannot read docker',
          description:
            'The source docker of the agent web-1:9641 failed or was late in 60 ticks of the last 10 minutes, and still does not answer. Its numbers are missing.',
        },
      ],
      31: [],
    },
  },
  'is silent at one late tick, and while the engine is restarted': {
    series: [
      agent.series('plimsoll_source_up', '1x9 0x2 1x30', docker),
      agent.series('plimsoll_source_failures_total', '0x9 6+6x2 18x30', docker),
    ],
    at: { 11: [], 15: [] },
  },
});

const pushed = (what: string, values: string) => agent.series('plimsoll_push_samples_total', values, { result: what });
cases('AgentDroppingSamples', {
  'fires when a tenth is lost, with the reason; resolves': {
    series: [
      pushed('offered', '0+1000x60'),
      pushed('acknowledged', '0+900x60'),
      pushed('dropped_queue_full', '0+100x20 2000x40'),
    ],
    at: {
      4: [],
      15: [
        {
          labels: { ...agent.carries, result: 'dropped_queue_full', ...critical },
          summary: 'The agent web-1:9641 loses samples',
          description: '10% of the samples of the agent web-1:9641 never reach the collector (dropped_queue_full).',
        },
      ],
      30: [],
    },
  },
  'is silent when all arrive, late or not': {
    series: [pushed('offered', '0+1000x60'), pushed('acknowledged', '0x20 0+1500x40')],
    at: { 15: [], 30: [] },
  },
});

const ingested = (metric: string, values: string, further = {}) =>
  collector.series(`plimsoll_collector_samples_${metric}_total`, values, further);
const toSink = (metric: string, values: string, further = {}) =>
  collector.series(`plimsoll_sink_samples_${metric}_total`, values, { sink: 'influx', ...further });

cases('CollectorDroppingSamples', {
  'fires for what goes into no window, and for what a sink loses; resolves': {
    series: [
      ingested('received', '0+1000x60'),
      ingested('dropped', '0+20x20 400x40', { reason: 'too_late' }),
      toSink('received', '0+1000x60'),
      toSink('dropped', '0+500x20 10000x40', { reason: 'queue_full' }),
    ],
    at: {
      4: [],
      15: [
        {
          labels: { ...collector.carries, reason: 'too_late', ...warning },
          summary: 'The collector collector:9640 drops samples',
          description:
            'The collector collector:9640 puts 2% of the samples that agents send into no window (too_late).',
        },
        {
          labels: { ...collector.carries, reason: 'queue_full', sink: 'influx', ...critical },
          summary: 'The collector collector:9640 loses samples of the sink influx',
          description: '50% of the samples for the sink influx of the collector collector:9640 are lost (queue_full).',
        },
      ],
      30: [],
    },
  },
  'is silent of a few after a restart': {
    series: [ingested('received', '0+1000x60'), ingested('dropped', '0x4 50x50', { reason: 'too_late' })],
    at: { 6: [], 9: [], 12: [] },
  },
});

const sink = { sink: 'influx' };
cases('SinkFailing', {
  'fires when a sink has taken nothing for five minutes; resolves': {
    series: [
      collector.series('process_start_time_seconds', '-1000x60'),
      collector.series('plimsoll_sink_up', '1x9 0x20 1x30', sink),
      collector.series('plimsoll_sink_last_success_seconds', '0+60x9 540x20 1800+60x30', sink),
    ],
    at: {
      13: [],
      20: [
        {
          labels: { ...collector.carries, ...sink, ...critical },
          summary: 'The sink influx of collector:9640 takes nothing',
          description: 'The sink influx of the collector collector:9640 has taken nothing for 11m 0s.',
        },
      ],
      32: [],
    },
  },
  'of a sink that never took anything it counts from the start': {
    series: [
      collector.series('process_start_time_seconds', '0x60'),
      collector.series('plimsoll_sink_up', '0x60', sink),
      collector.series('plimsoll_sink_last_success_seconds', '0x60', sink),
    ],
    at: {
      10: [
        {
          labels: { ...collector.carries, ...sink, ...critical },
          summary: 'The sink influx of collector:9640 takes nothing',
          description: 'The sink influx of the collector collector:9640 has taken nothing for 10m 0s.',
        },
      ],
    },
  },
  'is silent while a sink is restarted': {
    series: [
      collector.series('plimsoll_sink_up', '1x9 0x2 1x30', sink),
      collector.series('plimsoll_sink_last_success_seconds', '0+60x9 540x2 720+60x30', sink),
    ],
    at: { 11: [], 15: [] },
  },
});

cases('QueueFilling', {
  'fires when windows wait for a sink, and batches at an agent; resolves': {
    series: [
      collector.series('plimsoll_sink_queue_frames', '0x9 0+10x20 0x30', sink),
      agent.series('plimsoll_push_queue_batches', '0x9 0+10x20 0x30'),
    ],
    at: {
      20: [],
      26: [
        {
          labels: { ...collector.carries, ...sink, ...warning, queue: 'sink' },
          summary: 'Windows wait for the sink influx of collector:9640',
          description:
            '160 windows wait at the collector collector:9640 for the sink influx. When the queue is full, the oldest are dropped.',
        },
        {
          labels: { ...agent.carries, ...warning, queue: 'push' },
          summary: 'Batches wait at the agent web-1:9641',
          description:
            '160 batches wait at the agent web-1:9641 for the collector. When the queue is full, the oldest are dropped.',
        },
      ],
      35: [],
    },
  },
  'is silent while a queue empties again': {
    series: [collector.series('plimsoll_sink_queue_frames', '0x9 60x3 40x3 0x30', sink)],
    at: { 14: [], 25: [] },
  },
});

cases('CardinalityLimitReached', {
  'fires when series, groups or containers are left out; resolves': {
    series: [
      ingested('dropped', '0x9 30x50', { reason: 'series_limit' }),
      collector.series('plimsoll_collector_groups_refused_total', '0x9 8x50', { level: 'service' }),
      agent.series('plimsoll_engine_limited_total', '0x9 2x50', {
        engine: 'unix:///run/docker.sock',
        what: 'container',
      }),
    ],
    at: {
      8: [],
      12: [
        { limit: 'series', of: collector, count: 30 },
        { limit: 'groups', of: collector, count: 8 },
        { limit: 'containers', of: agent, count: 2 },
      ].map(({ limit, of, count }) => ({
        labels: { ...of.carries, limit, ...warning },
        summary: `${of.carries.instance} has reached its limit of ${limit}`,
        description: `${of.carries.instance} has left out ${count} things in 15 minutes, because its limit of ${limit} is reached.`,
      })),
      40: [],
    },
  },
  'is silent of what is dropped for another reason, and of a label that is cut': {
    series: [
      ingested('dropped', '0+30x50', { reason: 'too_late' }),
      agent.series('plimsoll_engine_limited_total', '0+1x50', {
        engine: 'unix:///run/docker.sock',
        what: 'label_value',
      }),
    ],
    at: { 12: [] },
  },
});

const clockOf = (values: string) =>
  collector.series('plimsoll_collector_agent_clock_offset_seconds', values, { node: 'web-2' });
cases('ClockSkewed', {
  'fires when an agent’s clock is behind by half a minute; resolves': {
    series: [clockOf('-30x20 0x20')],
    at: {
      9: [],
      15: [
        {
          labels: { ...collector.carries, node: 'web-2', ...warning },
          summary: 'The clock of web-2 is off',
          description: 'The clock of web-2 is 30s off from the clock of the collector collector:9640.',
        },
      ],
      21: [],
    },
  },
  'is silent at two seconds, and while a clock is being set': {
    series: [clockOf('2x20 90x3 0x20')],
    at: { 15: [], 22: [], 30: [] },
  },
});
