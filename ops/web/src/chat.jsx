import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { answer } from './answer.js';
import { number, rate, seconds } from './figures.js';
import { look } from './http.js';
import { Markdown } from './markdown.jsx';

const DRAW_EVERY_MILLIS = 60;

/** A conversation with a model. It lives in this page alone. */
export function Chat({ onRefused }) {
  const [models, setModels] = useState(null);
  const [model, setModel] = useState('');
  const [turns, setTurns] = useState([]);
  const [settings, setSettings] = useState({ system: '', temperature: 0.7, maxTokens: 512 });
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState('');
  const running = useRef(null);
  const session = useRef(newSession());
  const prompt = useRef(null);

  const stop = () => running.current?.abort();

  useEffect(() => {
    look('v1/models').then(
      ({ data }) => {
        const chats = data.filter((one) => one.task === 'generate');
        setModels(chats);
        setModel(chats[0]?.id ?? '');
        setFailure('');
      },
      (refusal) => {
        setModels([]);
        if (refusal.wantsKey) {
          onRefused(refusal);
        } else {
          setFailure(refusal.message);
        }
      },
    );
    return stop;
  }, []);

  const ask = async (text) => {
    const asked = [...turns, { role: 'user', text }];
    const stopped = new AbortController();
    running.current = stopped;
    setFailure('');
    setBusy(true);
    const said = { role: 'assistant', model, text: '', reasoning: '', pieces: 0, begun: performance.now(), state: 'running' };
    setTurns([...asked, said]);
    let drawn = 0;
    const draw = () => setTurns([...asked, { ...said }]);
    try {
      for await (const piece of answer(request(model, settings, session.current, asked), stopped.signal)) {
        take(said, piece);
        if (performance.now() - drawn > DRAW_EVERY_MILLIS) {
          drawn = performance.now();
          draw();
        }
      }
      said.state = 'done';
    } catch (broken) {
      said.state = stopped.signal.aborted ? 'stopped' : 'failed';
      if (broken.wantsKey) {
        onRefused(broken);
      }
      if (said.state === 'failed') {
        said.failure = broken.message;
      }
    }
    draw();
    setBusy(false);
    prompt.current?.focus();
  };

  const anew = () => {
    session.current = newSession();
    setTurns([]);
    setFailure('');
    prompt.current?.focus();
  };

  const withoutTemplate = turns.some((turn) => turn.template === 'none');
  return (
    <section class="chat" aria-label="Chat">
      <Choices models={models} model={model} onModel={setModel} settings={settings} onSettings={setSettings}>
        <button type="button" class="plain" onClick={anew} disabled={busy || turns.length === 0}>
          New chat
        </button>
      </Choices>
      {failure !== '' && (
        <p class="bad" role="alert">
          {failure}
        </p>
      )}
      {withoutTemplate && <p class="note">This model has no chat template: it continues the text and does not converse.</p>}
      <Conversation turns={turns} models={models} />
      <Prompt box={prompt} busy={busy} ready={model !== ''} onAsk={ask} onStop={stop} />
    </section>
  );
}

function newSession() {
  return `page-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
}

function request(model, settings, session, turns) {
  const system = settings.system.trim() === '' ? [] : [{ role: 'system', content: settings.system }];
  const messages = turns.filter((turn) => turn.text !== '').map((turn) => ({ role: turn.role, content: turn.text }));
  return {
    model,
    messages: [...system, ...messages],
    stream: true,
    stream_options: { include_usage: true },
    temperature: settings.temperature,
    max_completion_tokens: settings.maxTokens,
    // A gateway finds by it the replica that has this conversation's beginning.
    prompt_cache_key: session,
  };
}

function take(said, piece) {
  if (piece.text !== undefined) {
    const now = performance.now();
    said.first ??= now;
    said.last = now;
    said.text += piece.text;
    said.reasoning += piece.reasoning;
    said.pieces++;
  }
  said.usage = piece.usage ?? said.usage;
  said.finish = piece.finish ?? said.finish;
  said.template = piece.template ?? said.template;
}

function Choices({ models, model, onModel, settings, onSettings, children }) {
  const set = (name) => (event) => onSettings({ ...settings, [name]: event.target.value });
  const setNumber = (name, least, most) => (event) => {
    const value = event.target.valueAsNumber;
    if (value >= least && value <= most) {
      onSettings({ ...settings, [name]: value });
    }
  };
  return (
    <div class="choices">
      <label class="model">
        <span>Model</span>
        <select value={model} onChange={(event) => onModel(event.target.value)} disabled={models === null || models.length === 0}>
          {(models ?? []).map((one) => (
            <option key={one.id} value={one.id}>
              {one.parent ? `${one.id} (adapter of ${one.parent})` : one.id}
            </option>
          ))}
          {models?.length === 0 && <option value="">none</option>}
        </select>
      </label>
      <details>
        <summary>Settings</summary>
        <div class="settings">
          <label class="whole">
            <span>System prompt</span>
            <textarea rows={2} value={settings.system} onInput={set('system')} />
          </label>
          <label>
            <span>Temperature</span>
            <input type="number" min="0" max="2" step="0.1" value={settings.temperature} onInput={setNumber('temperature', 0, 2)} />
          </label>
          <label>
            <span>Longest answer, tokens</span>
            <input type="number" min="1" max="1000000" step="1" value={settings.maxTokens} onInput={setNumber('maxTokens', 1, 1_000_000)} />
          </label>
        </div>
      </details>
      {children}
    </div>
  );
}

function Conversation({ turns, models }) {
  const list = useRef(null);
  const follows = useRef(true);
  const noticeScroll = () => {
    const { scrollHeight, scrollTop, clientHeight } = list.current;
    follows.current = scrollHeight - scrollTop - clientHeight < 40;
  };
  useLayoutEffect(() => {
    if (follows.current) {
      list.current.scrollTop = list.current.scrollHeight;
    }
  }, [turns]);
  const running = turns.at(-1)?.state === 'running';
  return (
    <div class="turns" role="log" aria-label="Conversation" aria-busy={running} tabIndex={0} ref={list} onScroll={noticeScroll}>
      {turns.length === 0 && (
        <p class="empty quiet">
          {models?.length === 0 ? 'There is no model to chat with here.' : 'Say something. The conversation stays in this tab.'}
        </p>
      )}
      {turns.map((turn, i) => (turn.role === 'user' ? <Asked key={i} turn={turn} /> : <Said key={i} turn={turn} />))}
    </div>
  );
}

function Asked({ turn }) {
  return (
    <article class="asked">
      <h2 class="hidden">You</h2>
      <p>{turn.text}</p>
    </article>
  );
}

function Said({ turn }) {
  return (
    <article class="said" data-state={turn.state}>
      <h2 class="quiet">{turn.model}</h2>
      {turn.reasoning !== '' && (
        <details class="reasoning">
          <summary>Reasoning</summary>
          <p>{turn.reasoning}</p>
        </details>
      )}
      <Markdown text={turn.text} />
      {turn.failure && (
        <p class="bad" role="alert">
          {turn.failure}
        </p>
      )}
      <Figures turn={turn} />
    </article>
  );
}

/** How fast it was, and how much of the prompt needed no computing. */
function Figures({ turn }) {
  if (turn.first === undefined) {
    return turn.state === 'running' ? <p class="figures quiet">waiting …</p> : <p class="figures quiet">{ENDS[turn.state] ?? ''}</p>;
  }
  const tokens = turn.usage?.completion_tokens ?? turn.pieces;
  const took = (turn.last - turn.first) / 1000;
  const parts = [`${turn.usage ? '' : 'about '}${number(tokens)} tokens`, `first after ${seconds((turn.first - turn.begun) / 1000)}`];
  if (tokens > 1 && took > 0) {
    parts.splice(1, 0, `${rate((tokens - 1) / took)} tok/s`);
  }
  if (turn.usage) {
    const cached = turn.usage.prompt_tokens_details?.cached_tokens ?? 0;
    parts.push(`prompt ${number(turn.usage.prompt_tokens)}, ${number(cached)} cached`);
  }
  const end = ENDS[turn.state] ?? ENDS[turn.finish];
  return <p class="figures quiet">{[...parts, ...(end ? [end] : [])].join(' · ')}</p>;
}

const ENDS = { stopped: 'stopped', failed: 'broke off', length: 'cut at the longest answer' };

function Prompt({ box, busy, ready, onAsk, onStop }) {
  const [text, setText] = useState('');
  const ask = () => {
    const asked = text.trim();
    if (asked !== '' && ready && !busy) {
      setText('');
      onAsk(asked);
    }
  };
  const onKeyDown = (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      ask();
    } else if (event.key === 'Escape' && busy) {
      onStop();
    }
  };
  const onSubmit = (event) => {
    event.preventDefault();
    ask();
  };
  return (
    <form class="prompt" onSubmit={onSubmit}>
      <label for="prompt" class="hidden">
        Your message
      </label>
      <textarea
        id="prompt"
        ref={box}
        rows={2}
        value={text}
        placeholder="Message"
        aria-describedby="keys"
        onInput={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {busy ? (
        <button type="button" class="stop" onClick={onStop}>
          Stop
        </button>
      ) : (
        <button type="submit" disabled={!ready || text.trim() === ''}>
          Send
        </button>
      )}
      <p id="keys" class="hidden">
        Enter sends, Shift and Enter begin a new line, Escape stops an answer.
      </p>
    </form>
  );
}
