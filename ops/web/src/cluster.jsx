import { useEffect, useState } from 'preact/hooks';
import { bytes, number, percent, rate, seconds } from './figures.js';
import { order } from './http.js';
import { Sparkline } from './sparkline.jsx';
import { drainName, follow } from './watch.js';

/** The cluster as its nodes tell, every two seconds; where the key is an operator's, with what may be done to it. */
export function Cluster({ onRefused }) {
  const [seen, setSeen] = useState(null);
  const [mayChange, setMayChange] = useState(false);
  const [failure, setFailure] = useState('');
  const [done, setDone] = useState('');

  useEffect(
    () =>
      follow(
        (sight) => {
          setSeen(sight);
          setFailure('');
        },
        (refusal) => {
          setFailure(refusal.message);
          if (refusal.wantsKey) {
            onRefused(refusal);
          }
        },
        setMayChange,
      ),
    [],
  );

  const change = async (question, path, what) => {
    if (!confirm(question)) {
      return;
    }
    try {
      const { lines, errors } = await order(`admin/${path}`, { ...what, why: 'asked on the web page' });
      setDone([...lines, ...errors.map((error) => `${error.node}: ${error.reason}`)].join('; '));
    } catch (refusal) {
      setDone(refusal.message);
    }
  };

  return (
    <section class="cluster" aria-label="Cluster">
      {failure !== '' && (
        <p class="bad" role="alert">
          {failure} {seen !== null && 'What stands below is old.'}
        </p>
      )}
      <p class={done === '' ? 'hidden' : 'note'} role="status">
        {done}
      </p>
      {seen === null && failure === '' && <p class="quiet">Asking the nodes …</p>}
      {seen !== null && <Sight seen={seen} change={mayChange ? change : null} />}
    </section>
  );
}

function Sight({ seen, change }) {
  return (
    <>
      {seen.silent.length > 0 && (
        <ul class="bad" role="alert">
          {seen.silent.map((error) => (
            <li key={error.node}>
              {error.node} gave no answer: {error.reason}
            </li>
          ))}
        </ul>
      )}
      <Tiles seen={seen} />
      <Nodes nodes={seen.nodes} leader={seen.leader} drained={seen.drained} change={change} />
      <Replicas replicas={seen.replicas} drained={seen.drained} change={change} />
      <Models wanted={seen.wanted} drained={seen.drained} change={change} />
      <Operations operations={seen.operations} />
      <Queues queues={seen.queues} />
      <Requests requests={seen.requests} change={change} />
      <Kv nodes={seen.kv} />
      <Sessions sessions={seen.sessions} total={seen.sessionsTotal} change={change} />
      <Happenings events={seen.events} />
    </>
  );
}

function Tiles({ seen }) {
  const { totals, history } = seen;
  return (
    <dl class="tiles">
      <Tile name="Nodes up" value={`${totals.nodesUp} of ${seen.nodes.length + seen.silent.length}`} trend={history.nodesUp} />
      <Tile name="Replicas ready" value={`${totals.ready} of ${seen.replicas.length}`} trend={history.ready} />
      <Tile name="Tokens a second" value={rate(totals.tokensPerSecond)} trend={history.tokensPerSecond} />
      <Tile name="Requests" value={number(totals.requests)} trend={history.requests} />
      <Tile name="Waiting" value={number(totals.waiting)} trend={history.waiting} />
      <Tile name="Prompt tokens cached" value={percent(totals.cachedShare)} trend={history.cachedShare} />
    </dl>
  );
}

function Tile({ name, value, trend }) {
  return (
    <div class="card tile">
      <dt>{name}</dt>
      <dd>{value}</dd>
      <Sparkline values={trend} />
    </div>
  );
}

/** A table that becomes a list of cards on a narrow screen; `columns` are `[heading, cell of a row]`. */
function Table({ title, columns, rows, id, none, children }) {
  return (
    <section class="card">
      <h2>{title}</h2>
      {rows.length === 0 ? (
        <p class="quiet">{none}</p>
      ) : (
        <table class="rows">
          <thead>
            <tr>
              {columns.map(([heading]) => (
                <th key={heading} scope="col">
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={id(row)}>
                {columns.map(([heading, cell]) => (
                  <td key={heading} data-label={heading}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {children}
    </section>
  );
}

function State({ good, children }) {
  return <span class={good ? 'state good' : 'state poor'}>{children}</span>;
}

/** Has something take nothing new, or takes that back. */
function Drain({ kind, name, drained, change }) {
  const verb = drained.has(drainName(kind, name)) ? 'Undrain' : 'Drain';
  const question =
    verb === 'Undrain'
      ? `Let ${kind} ${name} take requests again?`
      : kind === 'node'
        ? `Drain node ${name}? It takes nothing new, ends what it can and then leaves the cluster.`
        : `Drain ${kind} ${name}? It takes nothing new until it is undrained.`;
  return <Button label={verb} of={`${kind} ${name}`} onPress={() => change(question, verb.toLowerCase(), { kind, name })} />;
}

function Button({ label, of, onPress }) {
  return (
    <button type="button" class="plain" aria-label={`${label} ${of}`} onClick={onPress}>
      {label}
    </button>
  );
}

function Nodes({ nodes, leader, drained, change }) {
  return (
    <Table
      title="Nodes"
      none="No node told of itself."
      rows={nodes}
      id={(node) => node.node}
      columns={[
        ['Node', (node) => (node.node === leader ? `${node.node} (leads)` : node.node)],
        ['Roles', (node) => node.roles.join(', ')],
        ['Member', (node) => <State good={node.status === 'Up'}>{node.status}</State>],
        ['Serves', (node) => <State good={node.readiness === 'ready'}>{node.readiness}</State>],
        ['Memory', (node) => bytes(node.resident_bytes)],
        ['Cores busy', (node) => (node.cpu_cores < 0 ? '–' : node.cpu_cores.toFixed(1))],
        ['Requests', (node) => number(node.requests)],
        ['Up for', (node) => seconds(node.uptime_seconds)],
        ['Version', (node) => node.version],
        ...(change ? [['Change', (node) => <Drain kind="node" name={node.node} drained={drained} change={change} />]] : []),
      ]}
    />
  );
}

function Replicas({ replicas, drained, change }) {
  return (
    <Table
      title="Replicas"
      none="No model is loaded."
      rows={replicas}
      id={(replica) => `${replica.replica}@${replica.node}`}
      columns={[
        ['Replica', (replica) => replica.replica],
        ['Node', (replica) => replica.node],
        ['Device', (replica) => replica.device],
        [
          'State',
          (replica) => <State good={replica.state === 'ready'}>{replica.failure === '' ? replica.state : `${replica.state}: ${replica.failure}`}</State>,
        ],
        ['Places', (replica) => <Share part={replica.places_taken} whole={replica.places} text={`${replica.places_taken} of ${replica.places}`} />],
        [
          'KV of the engine',
          (replica) => (
            <Share
              part={replica.kv_tokens_used + replica.kv_tokens_retained}
              whole={replica.kv_tokens_total}
              text={`${number(replica.kv_tokens_used)} used, ${number(replica.kv_tokens_retained)} kept of ${number(replica.kv_tokens_total)}`}
            />
          ),
        ],
        ['Prefill tok/s', (replica) => number(replica.prefill_tokens_per_second)],
        ['Decode tok/s', (replica) => number(replica.decode_tokens_per_second)],
        ['Cached', (replica) => (replica.prompt_tokens === 0 ? '–' : percent(replica.cached_tokens / replica.prompt_tokens))],
        ...(change ? [['Change', (replica) => <Drain kind="replica" name={replica.replica} drained={drained} change={change} />]] : []),
      ]}
    />
  );
}

function Share({ part, whole, text }) {
  return (
    <>
      <meter min={0} max={Math.max(1, whole)} value={part} aria-hidden="true" /> <span>{text}</span>
    </>
  );
}

function Models({ wanted, drained, change }) {
  const buttons = (model) => (
    <span class="buttons">
      <Drain kind="model" name={model.model} drained={drained} change={change} />
      <Button
        label="Unload"
        of={`model ${model.model}`}
        onPress={() => change(`Unload ${model.model}? Its replicas are drained first.`, 'unload', { model: model.model })}
      />
    </span>
  );
  return (
    <Table
      title="Models wanted"
      none="No gateway has said what it serves."
      rows={wanted}
      id={(model) => model.model}
      columns={[
        ['Model', (model) => (drained.has(drainName('model', model.model)) ? `${model.model} (draining)` : model.model)],
        ['Engine', (model) => model.engine],
        ['From', (model) => model.source],
        ['Replicas', (model) => (model.replicas === 0 ? 'one on each engine node' : `at most ${model.replicas}`)],
        ['Memory of each', (model) => (model.memory_bytes === 0 ? '–' : bytes(model.memory_bytes))],
        ['Waits for', (model) => model.waiting || '–'],
        ...(change ? [['Change', buttons]] : []),
      ]}
    >
      {change && <Load change={change} />}
    </Table>
  );
}

/** Loads one more model. */
function Load({ change }) {
  const submit = (event) => {
    event.preventDefault();
    const given = new FormData(event.target);
    const [model, source] = [given.get('model').trim(), given.get('source').trim()];
    change(`Load ${model} from ${source}?`, 'load', { model, source, replicas: Number(given.get('replicas')) });
  };
  return (
    <details class="load">
      <summary>Load one more</summary>
      <form class="settings" onSubmit={submit}>
        <label>
          <span>Name for requests</span>
          <input name="model" required spellcheck={false} />
        </label>
        <label>
          <span>From: a name, hf:ORG/REPO or a path</span>
          <input name="source" required spellcheck={false} />
        </label>
        <label>
          <span>Replicas, 0 for each engine node</span>
          <input name="replicas" type="number" min="0" max="1000" value="1" required />
        </label>
        <button type="submit">Load</button>
      </form>
    </details>
  );
}

function Operations({ operations }) {
  return (
    operations.length > 0 && (
      <Table
        title="Ordered"
        none=""
        rows={operations.slice(0, 10)}
        id={(operation) => operation.id}
        columns={[
          ['What', (operation) => operation.what],
          ['Progress', (operation) => operation.progress.replace('_', ' ')],
          ['Waits for', (operation) => operation.left || '–'],
        ]}
      />
    )
  );
}

function Queues({ queues }) {
  return (
    <Table
      title="Queues"
      none="No router told of a queue yet."
      rows={queues}
      id={(queue) => queue.model}
      columns={[
        ['Model', (queue) => queue.model],
        ['Waiting', (queue) => `${number(queue.waiting)} of at most ${number(queue.waiting_bound)}`],
        ['Longest wait', (queue) => (queue.waiting === 0 ? '–' : seconds(queue.oldest_millis / 1000))],
        ['Refused', (queue) => number(queue.refused)],
        ['Sessions', (queue) => number(queue.sessions)],
        ['Placed because of', (queue) => queue.decisions.map((one) => `${one.reason} ${number(one.places)}`).join(', ') || '–'],
      ]}
    />
  );
}

function Requests({ requests, change }) {
  const cancel = (request) => (
    <Button
      label="End"
      of={`request ${request.id}`}
      onPress={() => change(`End request ${request.id} with an error?`, 'requests/cancel', { id: request.id })}
    />
  );
  return (
    <Table
      title="Requests under way"
      none="None."
      rows={requests}
      id={(request) => `${request.id}@${request.gateway}`}
      columns={[
        ['Request', (request) => request.id],
        ['Model', (request) => request.adapter || request.model],
        ['Gateway', (request) => request.gateway],
        ['Replica', (request) => request.replica || '–'],
        ['Phase', (request) => request.phase],
        ['Age', (request) => seconds(request.age_millis / 1000)],
        ['Prompt', (request) => `${number(request.prompt_tokens)}, ${number(request.cached_tokens)} cached`],
        ['Answer', (request) => number(request.answer_tokens)],
        ...(change ? [['Change', cancel]] : []),
      ]}
    />
  );
}

function Kv({ nodes }) {
  const tiers = nodes.flatMap((node) => node.tiers.map((tier) => ({ ...tier, node })));
  return (
    <Table
      title="KV beside the engines"
      none="No node keeps any."
      rows={tiers}
      id={(tier) => `${tier.tier}@${tier.node.node}`}
      columns={[
        ['Node', (tier) => tier.node.node],
        ['Tier', (tier) => tier.tier],
        ['Held', (tier) => <Share part={tier.bytes} whole={tier.budget_bytes} text={`${bytes(tier.bytes)} of ${bytes(tier.budget_bytes)}`} />],
        ['Blocks', (tier) => number(tier.blocks)],
        ['Hits', (tier) => number(tier.hits)],
        ['Evicted', (tier) => number(tier.evicted)],
        ['Found, all tiers', (tier) => percent(tier.node.hit_share)],
        ['Saved', (tier) => seconds(tier.node.saved_millis / 1000)],
        ['Given, fetched', (tier) => `${bytes(tier.node.given_bytes)}, ${bytes(tier.node.fetched_bytes)}`],
      ]}
    />
  );
}

function Sessions({ sessions, total, change }) {
  const forget = (session) => (
    <Button
      label="Forget"
      of={`session ${session.session}`}
      onPress={() => change(`Forget where session ${session.session} was?`, 'sessions/evict', { session: session.session })}
    />
  );
  return (
    <Table
      title={total > sessions.length ? `Sessions, the last ${sessions.length} of ${number(total)}` : 'Sessions'}
      none="None is remembered."
      rows={sessions}
      id={(session) => `${session.session}@${session.model}`}
      columns={[
        ['Session', (session) => session.session],
        ['Model', (session) => session.model],
        ['Last at', (session) => session.replica],
        ...(change ? [['Change', forget]] : []),
      ]}
    />
  );
}

function Happenings({ events }) {
  return (
    <section class="card">
      <h2>What happened</h2>
      {events.length === 0 && <p class="quiet">Nothing yet.</p>}
      <ol class="events">
        {events.map((event) => (
          <li key={`${event.sequence}@${event.node}`}>
            <time dateTime={new Date(event.time_millis).toISOString()}>{new Date(event.time_millis).toLocaleTimeString('en-GB')}</time>{' '}
            <strong>{event.kind}</strong> {event.subject} <span class="quiet">{event.text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
