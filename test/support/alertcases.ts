/**
 * Cases of alert rules for promtool: series as somebody would see them go in, and at which minute which alerts fire, with labels and text
 * written out by hand. Series have the labels of one of the two documented setups; no rule of ours is asked what they ought to be.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { RULES_FOLDER, ruleFiles, ruleText } from './rulefiles.ts';

type Labels = Readonly<Record<string, string>>;

/** A series: `container_threads{…}` and its values, one a minute, in promtool's notation (`1x10 5+2x20 _x3 stale`). */
export interface Series {
  readonly series: string;
  readonly values: string;
}

export interface Firing {
  readonly labels: Labels;
  readonly summary: string;
  readonly description: string;
}

export interface AlertCase {
  readonly alert: string;
  readonly series: readonly Series[];
  /** By minute since the beginning: what fires then; an empty list is silence. */
  readonly at: Readonly<Record<number, readonly Firing[]>>;
}

/** A thing whose series share labels, and what an alert about it carries. */
export interface Thing {
  /** A series of it. */
  readonly series: (metric: string, values: string, further?: Labels) => Series;
  /** What its alerts carry beside their own labels. */
  readonly carries: Labels;
}

/** The setup in which agents are scraped; the other one has the collector's page of all containers. */
export type Setup = 'agents' | 'collector';

const scraped = (setup: Setup, host: string): Labels =>
  setup === 'agents'
    ? { job: 'plimsoll-agent', instance: `${host}:9641` }
    : { job: 'plimsoll-containers', instance: 'collector:9640', node: host };

export interface ContainerOptions {
  readonly setup?: Setup;
  readonly host?: string;
  /** The container's labels as series have them. */
  readonly labels?: Labels;
  /** What alerts say beside its name: project and service, namespace and pod. */
  readonly says?: Labels;
  /** Tells it from another of the same name. */
  readonly id?: string;
}

/** A container, with `container_state` for as long as it is told to be there by {@link running} and the like. */
export function container(
  name: string,
  { setup = 'agents', host = 'web-1', labels = {}, says = {}, id = name }: ContainerOptions = {},
): Thing {
  const own = { ...scraped(setup, host), id: `/docker/${id}`, name, image: 'demo/app:1', ...labels };
  return thing(own, { ...own, host, container: name, ...says });
}

/** The machine itself. */
export function machine(host = 'web-1', setup: Setup = 'agents'): Thing {
  const own = { ...scraped(setup, host), id: '/' };
  return thing(own, { ...scraped(setup, host), host });
}

/** A program of ours as a target. */
export function target(job: string, instance: string): Thing {
  return thing({ job, instance }, { job, instance });
}

function thing(own: Labels, carries: Labels): Thing {
  return {
    carries,
    series: (metric, values, further = {}) => ({ series: `${metric}${braced({ ...own, ...further })}`, values }),
  };
}

function braced(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',')}}`;
}

/** The state of a container over time: `running x30, exited x10`; `gone` is when there is no such container. */
export function states(of: Thing, timeline: string): Series[] {
  const spans = timeline.split(', ').map((span) => span.split(' x') as [string, string]);
  return ['created', 'running', 'paused', 'restarting', 'exited', 'dead'].map((state) => {
    const values = spans.map(([now, length]) =>
      now === 'gone' ? `stale _x${Number(length) - 2}` : `${now === state ? 1 : 0}x${Number(length) - 1}`,
    );
    return of.series('container_state', values.join(' '), { state });
  });
}

/** The cases of one alert, as tests. */
export function cases(alert: string, each: Readonly<Record<string, Omit<AlertCase, 'alert'>>>): void {
  describe(alert, () => {
    test.each(Object.entries(each))('%s', (_name, { series, at }) => {
      expect(runCase({ alert, series, at })).toBe('');
    });
  });
}

/** Runs one case; empty if all is as it says, else what promtool has to say. */
export function runCase({ alert, series, at }: AlertCase): string {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-promtool-'));
  try {
    const file = join(dir, 'case.yml');
    writeFileSync(file, stringify(document(alert, series, at), { aliasDuplicateObjects: false }));
    const { status, stdout, stderr, error } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
    if (error) throw error;
    return status === 0 ? '' : `${stdout}${stderr}`;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function document(alert: string, series: readonly Series[], at: AlertCase['at']): object {
  return {
    rule_files: neededFor(alert).map((name) => join(RULES_FOLDER, name)),
    evaluation_interval: '1m',
    group_eval_order: neededFor(alert).flatMap(groupsIn),
    tests: [
      {
        interval: '1m',
        input_series: series,
        alert_rule_test: Object.entries(at).map(([minute, firing]) => ({
          eval_time: `${minute}m`,
          alertname: alert,
          exp_alerts: firing.map(({ labels, summary, description }) => ({
            exp_labels: labels,
            exp_annotations: {
              summary,
              description,
              runbook_url: `https://plimsoll.example/runbook#${alert.toLowerCase()}`,
            },
          })),
        })),
      },
    ],
  };
}

/** The file of the alert, and that of the thresholds; the others would be reckoned for nothing. */
function neededFor(alert: string): string[] {
  return ruleFiles().filter((name) => name.startsWith('thresholds') || ruleText(name).includes(`alert: ${alert}\n`));
}

/** In the order of evaluation, which promtool leaves to chance unless it is said. */
function groupsIn(file: string): string[] {
  return [...ruleText(file).matchAll(/^ {2}- name: (.+)$/gm)].map(([, name]) => name as string);
}
