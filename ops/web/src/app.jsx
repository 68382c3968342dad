import { useEffect, useState } from 'preact/hooks';
import { Chat } from './chat.jsx';
import { Cluster } from './cluster.jsx';
import { Elsewhere } from './elsewhere.jsx';
import { door, keep, key, look } from './http.js';

const VIEWS = { chat: 'Chat', cluster: 'Cluster' };
const FIRST = door === 'operators' ? 'cluster' : 'chat';

/** What the address asks for. */
function asked() {
  const name = location.hash.slice(1);
  return name in VIEWS ? name : FIRST;
}

/** The page: two views, of which each listener can fill one, and a key where the node wants one. */
export function App() {
  const [view, setView] = useState(asked);
  const [refused, setRefused] = useState(null);
  const [version, setVersion] = useState('');
  // A new key begins everything anew.
  const [era, setEra] = useState(0);

  useEffect(() => {
    const turn = () => setView(asked());
    addEventListener('hashchange', turn);
    look('version').then(
      (told) => setVersion(told.version),
      () => {},
    );
    return () => removeEventListener('hashchange', turn);
  }, []);

  useEffect(() => {
    document.title = `${VIEWS[view]} · Sampo`;
  }, [view]);

  const enter = (text) => {
    keep(text);
    setRefused(null);
    setEra(era + 1);
  };

  return (
    <>
      <a class="skip" href="#main" onClick={toMain}>
        Skip to the content
      </a>
      <header class="bar">
        <h1>Sampo</h1>
        <nav aria-label="Views">
          {Object.entries(VIEWS).map(([name, label]) => (
            <a key={name} href={`#${name}`} aria-current={name === view ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <span class="quiet version">{version}</span>
        {key() !== '' && (
          <button type="button" class="plain" onClick={() => enter('')}>
            Forget key
          </button>
        )}
      </header>
      <main id="main" tabIndex={-1}>
        {refused === null ? (
          <div class="view" key={era}>
            <Shown view={view} onRefused={setRefused} />
          </div>
        ) : (
          <KeyForm refused={refused} onKey={enter} />
        )}
      </main>
    </>
  );
}

function toMain(event) {
  event.preventDefault();
  document.getElementById('main').focus();
}

function Shown({ view, onRefused }) {
  if (view === 'chat') {
    return door === 'clients' ? <Chat onRefused={onRefused} /> : <Elsewhere what="chat" onRefused={onRefused} />;
  }
  return door === 'operators' ? <Cluster onRefused={onRefused} /> : <Elsewhere what="cluster" onRefused={onRefused} />;
}

function KeyForm({ refused, onKey }) {
  const submit = (event) => {
    event.preventDefault();
    const text = new FormData(event.target).get('key').trim();
    if (text !== '') {
      onKey(text);
    }
  };
  return (
    <form class="card key" onSubmit={submit}>
      <label for="key">This node wants an API key.</label>
      {key() !== '' && (
        <p class="bad" role="alert">
          {refused.message}
        </p>
      )}
      <div class="row">
        <input id="key" name="key" type="password" autocomplete="off" spellcheck={false} required autoFocus />
        <button type="submit">Use it</button>
      </div>
      <p class="quiet">It stays in this tab and is forgotten with it.</p>
    </form>
  );
}
