/** About: what this is, what it costs, what it does not measure and why, and what there is to copy. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { after, nowSeconds } from '../clock.ts';
import { Copy } from '../detail/copy.tsx';
import { model } from '../live/link.ts';
import { bytes, count, percent } from '../units/figures.ts';
import { lackingOf } from './lacking.ts';
import { dataSource, ownCost, scrapeConfig } from './texts.ts';

export function About() {
  const now = model.value;
  if (now === undefined) return null;
  const { origin } = location;
  const rows = [...now.rows.values()];
  const lacking = lackingOf(rows);
  const { sinks, series, history } = now.pipeline;
  return (
    <section>
      <h1>About</h1>
      <dl class="facts">
        <dt>Plimsoll</dt>
        <dd>{now.version}</dd>
        <dt>Cluster</dt>
        <dd>{now.cluster}</dd>
        <dt>Hosts</dt>
        <dd>{now.hosts.length}</dd>
        <dt>Containers</dt>
        <dd>{rows.filter(({ kind }) => kind === 'container').length}</dd>
        <dt>Series held</dt>
        <dd>{count(series)}</dd>
        <dt>Windows</dt>
        <dd>of {now.window} s</dd>
        <dt>History</dt>
        <dd>{history ? 'kept here' : 'not kept here'}</dd>
        <dt>Sinks</dt>
        <dd>
          {sinks.length === 0
            ? 'none'
            : sinks
                .map(({ name, up, waiting }) => `${name} (${up ? 'up' : 'takes nothing'}, ${waiting} windows wait)`)
                .join(', ')}
        </dd>
        <Cost />
      </dl>
      <h2>What is not measured here</h2>
      {lacking.length === 0 ? <p>Everything that this page shows is measured on every host.</p> : null}
      <ul>
        {lacking.map(({ nodes, what, why }) => (
          <li key={`${what} ${why}`}>
            <strong>{what}</strong> on {nodes.slice(0, 5).join(', ')}
            {nodes.length > 5 ? ` and ${nodes.length - 5} more` : ''}: {why}
          </li>
        ))}
      </ul>
      <h2>Where else to look</h2>
      <ul>
        <Link to="metrics" words="groups and the collector itself, for Prometheus" />
        <Link to="metrics/containers" words="every container of every host, for Prometheus" />
        <Link to="readyz" words="whether there is something to serve" />
      </ul>
      <Text title="For Prometheus" text={scrapeConfig(origin, now.window)} />
      {history ? <Text title="For Grafana: this collector as a data source" text={dataSource(origin)} /> : null}
      <h2>Alert rules</h2>
      <p>For Prometheus; the first file holds every threshold.</p>
      <ul>
        {['thresholds', 'containers', 'hosts', 'pipeline'].map((name) => (
          <Link key={name} to={`page/files/${name}.rules.yml`} words="to save" />
        ))}
      </ul>
    </section>
  );
}

function Link({ to, words }: { readonly to: string; readonly words: string }) {
  return (
    <li>
      <a href={to}>/{to}</a>: {words}
    </li>
  );
}

function Text({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <>
      <h2>
        {title} <Copy text={text} what={title} />
      </h2>
      <pre tabIndex={0}>{text}</pre>
    </>
  );
}

const EVERY_MS = 5000;

/** Two readings of its own page make a share of a core. */
function Cost() {
  const said = useSignal('is being asked …');
  useEffect(() => {
    let before: readonly [number, number] | undefined;
    let cancel: (() => void) | undefined;
    let left = false;
    const look = async (): Promise<void> => {
      const text = await fetch('metrics').then(
        (answer) => answer.text(),
        () => '',
      );
      if (left) return;
      const { cpuSeconds, memory } = ownCost(text);
      const at = nowSeconds();
      const cpu =
        before && cpuSeconds !== null ? `${percent((cpuSeconds - before[1]) / (at - before[0]))} of a core, ` : '';
      if (cpuSeconds !== null) before = [at, cpuSeconds];
      said.value = `${cpu}${bytes(memory)} of memory`;
      cancel = after(EVERY_MS, () => void look());
    };
    void look();
    return () => {
      left = true;
      cancel?.();
    };
  }, []);
  return (
    <>
      <dt>Its own cost</dt>
      <dd>{said}</dd>
    </>
  );
}
