import { events } from './events.js';
import { headers, refuse, Refusal } from './http.js';

const PATH = 'v1/chat/completions';
const PAUSES_MILLIS = [250, 500, 1000, 2000, 4000];

/**
 * A model's answer as it comes: `{ text, reasoning }` for each piece, `{ usage }` and `{ finish }` once, `{ template }` where
 * the model has none. A connection that is lost is taken up again where it broke off, by the id of the last event.
 */
export async function* answer(request, signal) {
  let last;
  let lost = 0;
  for (;;) {
    try {
      for await (const event of stream(request, last, signal)) {
        last = event.id ?? last;
        if (event.over) {
          return;
        }
        lost = event.says ? 0 : lost;
        yield* event.says ?? [];
      }
      throw new TypeError('The answer broke off.');
    } catch (failure) {
      if (!(failure instanceof TypeError) || last === undefined || lost === PAUSES_MILLIS.length) {
        throw failure;
      }
      await pause(PAUSES_MILLIS[lost++], signal);
    }
  }
}

async function* stream(request, last, signal) {
  const response = await fetch(PATH, {
    method: 'POST',
    headers: headers({ 'content-type': 'application/json', ...(last === undefined ? {} : { 'last-event-id': last }) }),
    body: JSON.stringify(request),
    signal,
  });
  if (!response.ok) {
    await refuse(response);
  }
  yield { id: last ?? response.headers.get('x-sampo-stream') ?? undefined };
  if (response.headers.get('x-sampo-chat-template') === 'none') {
    yield { says: [{ template: 'none' }] };
  }
  for await (const { id, data } of events(response.body)) {
    yield data === '[DONE]' ? { id, over: true } : { id, says: [...pieces(JSON.parse(data))] };
  }
}

function* pieces(chunk) {
  if (chunk.error) {
    throw new Refusal(200, chunk.error.message, chunk.error.code);
  }
  if (chunk.usage) {
    yield { usage: chunk.usage };
  }
  const choice = chunk.choices?.[0];
  const delta = choice?.delta ?? {};
  if (delta.content || delta.reasoning_content) {
    yield { text: delta.content ?? '', reasoning: delta.reasoning_content ?? '' };
  }
  if (choice?.finish_reason) {
    yield { finish: choice.finish_reason };
  }
}

function pause(millis, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, millis);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
