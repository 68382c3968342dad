import { useEffect, useState } from 'preact/hooks';
import { look } from './http.js';

/** Where the view is that this listener cannot fill. A link is all that leads there: no page of one listener asks the other. */
export function Elsewhere({ what, onRefused }) {
  const [places, setPlaces] = useState(null);
  useEffect(() => {
    (what === 'chat' ? gateways() : operators()).then(setPlaces, (failure) => {
      setPlaces([]);
      if (failure.wantsKey) {
        onRefused(failure);
      }
    });
  }, [what]);
  return (
    <section class="card elsewhere">
      <h2>{what === 'chat' ? 'Chat' : 'Cluster'}</h2>
      <p>
        {what === 'chat'
          ? 'This is the listener for operators, which answers no requests. Chat at a gateway:'
          : 'Nodes, replicas, queues and caches are shown by the listener for operators, which this endpoint is kept apart from. On the machine of this gateway it is at:'}
      </p>
      {places === null && <p class="quiet">Looking …</p>}
      {places?.length === 0 && (
        <p>
          {what === 'chat'
            ? 'No gateway answers at the moment.'
            : 'The node did not say. It printed the address at its start, in the line “admin on …”.'}
        </p>
      )}
      <ul class="links">
        {places?.map((place) => (
          <li key={place}>
            <a href={place}>{place}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}

async function gateways() {
  const { nodes } = await look('admin/nodes?timeout_millis=2000');
  return nodes.filter((node) => node.roles.includes('gateway') && node.http !== '').map((node) => `${node.http}/#chat`);
}

async function operators() {
  const { admin } = await look('stats');
  return admin ? [`${admin}/#cluster`] : [];
}
