// What programs do with the 'openai' client, each as one check. Run by openai.sh.
import assert from "node:assert/strict";
import OpenAI from "openai";

const [baseURL = "http://127.0.0.1:8080/v1", wanted] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: process.env.OPENAI_API_KEY ?? "none", maxRetries: 0, timeout: 60_000 });
const model = wanted ?? (await client.models.list()).data[0].id;
const { task } = await client.models.retrieve(model);
const story = { model, prompt: "Once upon a time", max_tokens: 40, temperature: 0 };
const conversation = { model, messages: [{ role: "user", content: "Tell me a story about a dog." }], max_tokens: 20, temperature: 0 };

/** The text of a stream, and its last usage. */
async function collect(stream, text = (choice) => choice.text) {
  const got = { text: "", pieces: 0 };
  for await (const event of stream) {
    for (const choice of event.choices) {
      got.text += text(choice) ?? "";
      got.pieces += 1;
      got.finish = choice.finish_reason ?? got.finish;
    }
    got.usage = event.usage ?? got.usage;
  }
  return got;
}

const streamed = (request) => client.completions.create({ ...request, stream: true, stream_options: { include_usage: true } });

const cosine = (one, other) => one.reduce((sum, value, i) => sum + value * other[i], 0);
const sentences = ["A cat sits on the mat", "A kitten is resting on a rug", "The stock market fell today"];

/** Refused with this code. */
const refused = (call, code, kind = OpenAI.BadRequestError) =>
  assert.rejects(call, (error) => {
    assert.ok(error instanceof kind, `${error.status} ${error.message}`);
    assert.equal(error.code, code);
    return true;
  });

const embedding = {
  "embeds a text into a vector of length 1": async () => {
    // The client asks for base64 by itself and decodes it.
    const { data, usage } = await client.embeddings.create({ model, input: sentences[0] });
    assert.equal(data.length, 1);
    assert.ok(Math.abs(cosine(data[0].embedding, data[0].embedding) - 1) < 1e-4);
    assert.ok(usage.prompt_tokens > 0 && usage.total_tokens === usage.prompt_tokens);
  },
  "gives the same vector as numbers and in a batch": async () => {
    const alone = (await client.embeddings.create({ model, input: sentences[0], encoding_format: "float" })).data[0].embedding;
    const { data } = await client.embeddings.create({ model, input: sentences });
    assert.deepEqual(data.map((one) => one.index), [0, 1, 2]);
    assert.ok(alone.every((value, i) => Math.abs(value - data[0].embedding[i]) < 1e-4));
    const [close, far] = [1, 2].map((i) => cosine(data[0].embedding, data[i].embedding));
    console.log(`     a close text ${close.toFixed(3)}, a far one ${far.toFixed(3)}`);
  },
  "refuses an empty input": () => refused(client.embeddings.create({ model, input: "" }), "empty_prompt"),
  "refuses too long an input": () =>
    refused(client.embeddings.create({ model, input: "word ".repeat(200_000) }), "context_length_exceeded"),
  "refuses to chat with a model that embeds": () => refused(client.chat.completions.create(conversation), "wrong_model_task"),
};

const writing = {
  "lists the model and finds it by name": async () => {
    assert.equal((await client.models.retrieve(model)).id, model);
  },
  "streams a story": async () => {
    const got = await collect(await streamed(story));
    assert.ok(got.pieces > 20, `only ${got.pieces} pieces`);
    assert.equal(got.finish, "length");
    assert.equal(got.usage.completion_tokens, 40);
    console.log(`     "${story.prompt}${got.text}"`);
  },
  "gives the same story unstreamed": async () => {
    const whole = await client.completions.create(story);
    assert.equal(whole.choices[0].text, (await collect(await streamed(story))).text);
    assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + 40);
  },
  "gives n different choices": async () => {
    const { choices } = await client.completions.create({ ...story, n: 2, temperature: 1, seed: 1 });
    assert.deepEqual(choices.map((choice) => choice.index), [0, 1]);
    assert.notEqual(choices[0].text, choices[1].text);
  },
  "repeats itself with a seed": async () => {
    const seeded = { ...story, temperature: 1, seed: 7 };
    const [first, second] = [await client.completions.create(seeded), await client.completions.create(seeded)];
    assert.equal(first.choices[0].text, second.choices[0].text);
  },
  "ends at a stop text and leaves it out": async () => {
    const { choices } = await client.completions.create({ ...story, stop: ["."] });
    assert.equal(choices[0].finish_reason, "stop");
    assert.ok(!choices[0].text.includes("."));
  },
  "gives log probabilities": async () => {
    const { choices } = await client.completions.create({ ...story, max_tokens: 5, logprobs: 2 });
    assert.equal(choices[0].logprobs.tokens.length, 5);
    assert.ok(choices[0].logprobs.token_logprobs.every((value) => value <= 0));
  },
  "answers a conversation, streamed and not": async () => {
    const whole = await client.chat.completions.create(conversation);
    const stream = await client.chat.completions.create({ ...conversation, stream: true });
    assert.equal((await collect(stream, (choice) => choice.delta.content)).text, whole.choices[0].message.content);
  },
  "takes the streaming helper of the client": async () => {
    const runner = client.chat.completions.stream(conversation);
    assert.equal((await runner.finalChatCompletion()).choices[0].message.content, await runner.finalContent());
  },
  "refuses an unknown model as NotFoundError": async () => {
    await assert.rejects(client.completions.create({ ...story, model: "no-such-model" }), (error) => {
      assert.ok(error instanceof OpenAI.NotFoundError);
      assert.equal(error.code, "model_not_found");
      assert.ok(error.requestID);
      return true;
    });
  },
  "refuses too long a prompt as BadRequestError": async () => {
    await assert.rejects(client.completions.create({ ...story, prompt: "word ".repeat(200_000) }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError, `${error.status} ${error.message}`);
      assert.equal(error.code, "context_length_exceeded");
      return true;
    });
  },
  "refuses a temperature out of range, streamed too": async () => {
    await assert.rejects(streamed({ ...story, temperature: -1 }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.equal(error.param, "temperature");
      return true;
    });
  },
  "serves on after a client has hung up": async () => {
    const stream = await streamed({ ...story, max_tokens: 200 });
    for await (const _ of stream) break;
    assert.equal((await client.completions.create({ ...story, max_tokens: 3 })).usage.completion_tokens, 3);
  },
};

const checks = task === "embed" ? embedding : writing;
let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok   ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}: ${error.message.split("\n").slice(0, 6).join(" ")}`);
  }
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
