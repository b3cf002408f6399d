/** The records of `plimsoll dashboards check`: what a file asks (documents of items of queries), and what is said of it (verdicts of findings). */

export type Language = 'promql' | 'influxql' | 'flux';

/** One query, as it stands in the file. */
export interface Query {
  readonly language: Language;
  readonly text: string;
  /** The legend's or the annotations' text, which may name labels. */
  readonly legend?: string;
}

/** What can work or not on its own: a panel, a variable, an annotation, a rule. */
export interface Item {
  /** What it is and what it is called, for people: `panel 4 "Memory"`. */
  readonly name: string;
  readonly queries: readonly Query[];
  /** Why its queries are not all known: a library panel whose definition is not in the file. */
  readonly unread?: string;
  /** What of it is asked elsewhere than of Prometheus or InfluxDB. */
  readonly elsewhere?: string;
  /** The name that a recording rule gives to its answer. */
  readonly records?: string;
}

/** A dashboard or a file of rules. */
export interface Source {
  readonly kind: 'dashboard' | 'rules';
  readonly title: string;
  readonly items: readonly Item[];
  /** Values of Grafana's variables that are one plain word (a constant, an interval); undefined: the value is somebody's choice. */
  readonly variables: ReadonlyMap<string, string | undefined>;
}

/**
 * works: Plimsoll exposes it. setting: it does once a setting is changed. no: it does not. elsewhere: none of its names is Plimsoll's nor of
 * those that it replaces, so nothing changes for it. unread: cannot be said.
 */
export type Status = 'works' | 'setting' | 'no' | 'elsewhere' | 'unread';

/** One thing to know about one name of a query. */
export interface Finding {
  readonly status: Status;
  /** The metric, label, measurement, field or tag. */
  readonly name: string;
  /** What to use in its place, if there is something. */
  readonly use?: string;
  readonly why: string;
  /** Whose name it is, where it is not Plimsoll's: `node_exporter`. */
  readonly from?: string;
}

export interface Verdict {
  readonly item: string;
  readonly status: Status;
  readonly findings: readonly Finding[];
}

export interface Report {
  readonly file: string;
  readonly kind: Source['kind'];
  readonly title: string;
  /** What the file seems to be made for, beside what Plimsoll has. */
  readonly madeFor: readonly string[];
  readonly verdicts: readonly Verdict[];
}

const GRAVITY: readonly Status[] = ['works', 'elsewhere', 'setting', 'unread', 'no'];

/** The gravest; `works` of none. */
export function gravest(statuses: Iterable<Status>): Status {
  let worst = 0;
  for (const status of statuses) worst = Math.max(worst, GRAVITY.indexOf(status));
  return GRAVITY[worst] as Status;
}
