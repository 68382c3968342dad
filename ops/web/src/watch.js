import { look } from './http.js';

const EVERY_MILLIS = 2000;
const NODE_MILLIS = 1500;
const REMEMBERED = 60;
const SHOWN = 20;
const SAME_MILLIS = 10_000;

/**
 * Looks at the cluster again and again while the page is to be seen.
 *
 * @returns ends it
 */
export function follow(onSight, onFailure, onMayChange) {
  const memory = new Memory();
  let ended = false;
  let timer;
  const again = async () => {
    try {
      if (!document.hidden) {
        const sight = memory.add(await sightings(), performance.now());
        if (!ended) {
          onSight(sight);
        }
      }
    } catch (failure) {
      if (!ended) {
        onFailure(failure);
      }
      if (failure.wantsKey) {
        return;
      }
    }
    if (!ended) {
      timer = setTimeout(again, EVERY_MILLIS);
    }
  };
  again();
  look('admin/may-change').then(
    () => !ended && onMayChange(true),
    () => {},
  );
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

async function sightings() {
  const what = ['nodes', 'replicas', 'queue', `requests?most=${SHOWN}`, `sessions?most=${SHOWN}`, 'kv', `events?node=all&most=${4 * SHOWN}`, 'desired', 'operations'];
  const answers = await Promise.all(what.map((path) => look(`admin/${path}${path.includes('?') ? '&' : '?'}timeout_millis=${NODE_MILLIS}`)));
  const [nodes, replicas, queue, requests, sessions, kv, events, desired, operations] = answers;
  return {
    leader: nodes.leader,
    nodes: nodes.nodes,
    replicas: replicas.replicas,
    queues: queue.queues,
    requests: requests.requests,
    sessions: sessions.sessions,
    sessionsTotal: sessions.total,
    kv: kv.nodes,
    events: once(events.events.slice().reverse()).slice(0, SHOWN),
    wanted: desired.models,
    drained: new Set(desired.drains.map((drain) => drainName(drain.kind, drain.name))),
    operations: operations.operations.slice().reverse(),
    silent: distinct(answers.flatMap((answer) => answer.errors)),
  };
}

/** How `drained` names what takes nothing new. */
export function drainName(kind, name) {
  return `${kind} ${name}`;
}

/** What several nodes saw is told once. */
function once(events) {
  return events.filter(
    (event, i) =>
      !events
        .slice(0, i)
        .some((told) => told.kind === event.kind && told.subject === event.subject && told.time_millis - event.time_millis < SAME_MILLIS),
  );
}

/** Each node once, however many questions it did not answer. */
function distinct(errors) {
  return [...new Map(errors.map((error) => [error.node, error])).values()];
}

/** What was seen before, for figures that are a change and for how they went. */
export class Memory {
  #history = {};
  #before = null;

  /** The same with its totals and their history. */
  add(seen, nowMillis) {
    const totals = this.#totals(seen, nowMillis);
    for (const [name, value] of Object.entries(totals)) {
      this.#history[name] = [...(this.#history[name] ?? []), value].slice(-REMEMBERED);
    }
    return { ...seen, totals, history: { ...this.#history } };
  }

  #totals(seen, nowMillis) {
    const sum = (rows, of) => rows.reduce((all, row) => all + of(row), 0);
    const generated = sum(seen.replicas, (replica) => replica.generated_tokens);
    const prompt = sum(seen.replicas, (replica) => replica.prompt_tokens);
    const before = this.#before;
    this.#before = { generated, nowMillis };
    return {
      nodesUp: seen.nodes.filter((node) => node.status === 'Up').length,
      ready: seen.replicas.filter((replica) => replica.state === 'ready').length,
      // A replica that has gone takes its count with it.
      tokensPerSecond: before === null ? 0 : Math.max(0, ((generated - before.generated) * 1000) / (nowMillis - before.nowMillis)),
      requests: sum(seen.nodes, (node) => node.requests),
      waiting: sum(seen.queues, (queue) => queue.waiting),
      cachedShare: prompt === 0 ? 0 : sum(seen.replicas, (replica) => replica.cached_tokens) / prompt,
    };
  }
}
