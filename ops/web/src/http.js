/** How the page speaks to the node that gave it: always the same origin, never another. */

const KEY = 'sampo-key';
const DEADLINE_MILLIS = 10_000;

/** `operators` where the listener for operators gave this page, else `clients`. */
export const door = document.querySelector('meta[name="sampo-door"]').content;

/** What a node said instead of an answer. */
export class Refusal extends Error {
  constructor(status, message, code) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** Whether a key, or another one, might help. */
  get wantsKey() {
    return this.status === 401;
  }
}

/** Kept for this tab alone and gone with it. */
export function key() {
  return sessionStorage.getItem(KEY) ?? '';
}

export function keep(text) {
  if (text === '') {
    sessionStorage.removeItem(KEY);
  } else {
    sessionStorage.setItem(KEY, text);
  }
}

/** The headers that every request has. */
export function headers(more = {}) {
  return key() === '' ? more : { ...more, authorization: `Bearer ${key()}` };
}

/** Throws what a response that is no success says. */
export async function refuse(response) {
  let error = {};
  try {
    error = (await response.json()).error ?? {};
  } catch {
    // Not JSON: the status has to do.
  }
  throw new Refusal(response.status, error.message ?? `The node answered ${response.status}.`, error.code);
}

async function send(path, options) {
  const response = await fetch(path, { ...options, cache: 'no-store', signal: AbortSignal.timeout(DEADLINE_MILLIS) });
  if (!response.ok) {
    await refuse(response);
  }
  return response.status === 204 ? null : response.json();
}

/** What stands at a path, from JSON; null where nothing stands there. */
export function look(path) {
  return send(path, { headers: headers() });
}

/** Has something done, and what came of it. */
export function order(path, what) {
  return send(path, { method: 'POST', headers: headers({ 'content-type': 'application/json' }), body: JSON.stringify(what) });
}
