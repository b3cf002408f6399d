/** What is said where there is nothing yet, and what to do about it. */
import { model } from './live/link.ts';
import { span } from './units/figures.ts';

export function Empty({ kind }: { readonly kind: 'container' | 'host' }) {
  const now = model.value;
  const seen = (now?.hosts ?? []).map((host) => host.seen);
  const hosts = seen.length;
  if (hosts === 0)
    return (
      <div class="empty">
        <p>No agent has sent anything yet.</p>
        <p>
          On each host whose containers are to be seen, run{' '}
          <code>plimsoll agent --agent.push.url {location.origin}</code>. On this machine alone,{' '}
          <code>plimsoll run</code> is both.
        </p>
      </div>
    );
  if (kind === 'host') return null;
  const age = (now?.end ?? 0) - Math.max(...seen);
  if (age > 0)
    return (
      <p class="empty">
        No host has said anything for {span(age)}. On it, <code>plimsoll check agent</code> says why.
      </p>
    );
  return (
    <div class="empty">
      <p>
        {hosts === 1 ? 'The host is seen' : `${hosts} hosts are seen`}, and no container on{' '}
        {hosts === 1 ? 'it' : 'them'}.
      </p>
      <ul>
        <li>
          Does one run? <code>docker ps</code> (or <code>podman ps</code>) says so; <code>docker run -d nginx</code>{' '}
          starts one, and it is here a window later.
        </li>
        <li>
          Is there an engine, and may the agent speak to it? <code>plimsoll check agent</code> says which socket it
          looked for, and what it is not permitted to. A user needs to be in the group <code>docker</code>, or the agent
          to run as root.
        </li>
        <li>
          Are they left out? <code>agent.exclude</code> and <code>agent.include</code> in the configuration, and the
          label <code>plimsoll.ignore=true</code>, do that.
        </li>
      </ul>
    </div>
  );
}
