// Drives the native half without a JVM, so that sanitizers see every access: vocabulary, chat format, grammars, samplers with odd settings
// and odd logits, steps of several sequences. Usage: exercise FOLDER_OF_LIBRARIES MODEL.gguf. Fails on the first check that does
// not hold.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>

#include "chat_format.h"
#include "context.h"
#include "failure.h"
#include "log_capture.h"
#include "model.h"
#include "sampler.h"

using namespace sampo;

#define CHECK(holds)                                                       \
    if (!(holds)) {                                                        \
        fprintf(stderr, "exercise: line %d: %s\n", __LINE__, #holds);      \
        exit(1);                                                           \
    }

static std::mt19937 rng(42);

static float between(float low, float high) {
    return std::uniform_real_distribution<float>(low, high)(rng);
}

template <typename Body> static Kind failure_of(Body body) {
    try {
        body();
    } catch (const Failure & failure) {
        return failure.kind;
    }
    CHECK(!"a failure was expected");
    return Kind::INTERNAL;
}

static void exercise_numbers() {
    double sum = 0;
    for (int i = 0; i < 100000; i++) {
        const double u = uniform(7, 0, i);
        CHECK(u >= 0 && u < 1);
        CHECK(u == uniform(7, 0, i));
        sum += u;
    }
    CHECK(std::fabs(sum / 100000 - 0.5) < 0.01);
    CHECK(uniform(7, 0, 3) != uniform(7, 1, 3) && uniform(7, 0, 3) != uniform(8, 0, 3));

    for (int size = 1; size < 100; size++) {
        std::vector<float> logits(size);
        for (auto & logit : logits) {
            logit = between(-5, 5);
        }
        const int best = (int) (rng() % size);
        logits[best]   = 9;
        CHECK(argmax(logits.data(), size) == best);
        std::fill(logits.begin(), logits.end(), NAN);
        CHECK(argmax(logits.data(), size) == -1);
        std::fill(logits.begin(), logits.end(), -INFINITY);
        CHECK(argmax(logits.data(), size) == -1);
    }
}

// A token alone must look as the detokenizer shows it inside a text.
static void exercise_vocabulary(const Model & model) {
    const int32_t     count  = llama_vocab_n_tokens(model.vocabulary());
    const std::string around = model.piece(count - 1, false);
    for (llama_token token = 0; token < count; token++) {
        for (const bool special : { false, true }) {
            const llama_token tokens[] = { count - 1, token };
            char              text[1024];
            const int length = llama_detokenize(model.vocabulary(), tokens, 2, text, sizeof(text), false, special);
            CHECK(length >= 0);
            // The detokenizer drops a leading space of the first token.
            const std::string shown(text, length);
            const std::string piece = model.piece(token, special);
            CHECK(shown.size() >= piece.size() && shown.compare(shown.size() - piece.size(), piece.size(), piece) == 0);
            CHECK(shown.size() - piece.size() <= around.size());
        }
    }
    CHECK(model.tokenize("", false, false).empty());
    try {
        CHECK(!model.tokenize(std::string(100000, '\xff'), true, true).empty());
    } catch (const Failure & failure) {
        CHECK(failure.kind == Kind::INVALID_REQUEST);  // a vocabulary without tokens for single bytes
    }
    const auto chat = ChatFormat::of(model);
    if (chat) {
        ChatFormat::Request request;
        request.messages = R"([{"role":"user","content":"hello"}])";
        CHECK(!chat->apply(request).text.empty());
        request.messages = "not json";
        CHECK(failure_of([&] { chat->apply(request); }) == Kind::INVALID_REQUEST);
    }
}

static SamplerSettings any_settings(int32_t vocabulary) {
    SamplerSettings s;
    s.temperature       = rng() % 3 ? between(0.1f, 2) : 0;
    s.top_k             = rng() % 2 ? (int) (rng() % (2 * vocabulary)) : 0;
    s.top_p             = rng() % 2 ? between(0, 1) : 1;
    s.min_p             = rng() % 2 ? between(0, 1) : 0;
    s.typical_p         = rng() % 2 ? between(0, 1) : 1;
    s.repeat_penalty    = rng() % 2 ? between(0.5f, 2) : 1;
    s.repeat_last       = (int) (rng() % 20);
    s.frequency_penalty = rng() % 2 ? between(-2, 2) : 0;
    s.seed              = rng();
    s.ignore_end        = rng() % 2;
    s.top_logprobs      = (int) (rng() % (MAX_TOP_LOGPROBS + 2)) - 1;
    for (unsigned i = rng() % 5; i > 0; i--) {
        s.biases.push_back({ (llama_token) (rng() % vocabulary), rng() % 2 ? between(-100, 100) : -INFINITY });
    }
    return s;
}

static void exercise_samplers(const Model & model) {
    const int32_t                 count = llama_vocab_n_tokens(model.vocabulary());
    std::vector<float>            logits(count);
    std::vector<llama_token_data> scratch;
    for (int round = 0; round < 300; round++) {
        const SamplerSettings    settings = any_settings(count);
        std::vector<llama_token> history(rng() % 50, (llama_token) (rng() % count));
        Sampler                  sampler(model.vocabulary(), settings, history.data(), history.size());
        for (int index = 0; index < 5; index++) {
            for (auto & logit : logits) {
                logit = round % 7 == 6 && rng() % 3 == 0 ? NAN : between(-20, 20);
            }
            const std::vector<float> before = logits;
            const llama_token        chosen = sampler.choose(logits.data(), index, scratch);
            CHECK(chosen >= 0 && chosen < count && !std::isnan(logits[chosen]));
            for (int32_t i = 0; i < count; i++) {
                CHECK(logits[i] == before[i] || (std::isnan(logits[i]) && std::isnan(before[i])));
            }
            for (const auto & bias : settings.biases) {
                CHECK(bias.bias > -INFINITY || bias.token != chosen);
            }
            int32_t  ids[MAX_TOP_LOGPROBS];
            float    top[MAX_TOP_LOGPROBS];
            Logprobs into = { 0, ids, top };
            sampler.report(logits.data(), chosen, scratch, into);
            CHECK(into.chosen <= 1e-4f);
        }
        std::fill(logits.begin(), logits.end(), NAN);
        CHECK(sampler.choose(logits.data(), 9, scratch) == -1);
    }
}

// Random choices under grammars that end, and under one that waits for its trigger; each answer can be followed a second time.
static void exercise_grammars(const Model & model) {
    const llama_vocab *           vocabulary = model.vocabulary();
    const int32_t                 count      = llama_vocab_n_tokens(vocabulary);
    std::vector<float>            logits(count);
    std::vector<llama_token_data> scratch;
    GrammarSettings               strict;
    strict.text = grammar_of_schema(R"({"type":"object","properties":{"a":{"type":"array","items":{"type":"boolean"},"maxItems":3}}})");
    GrammarSettings lazy;
    lazy.text  = R"(root ::= "a" [a-z]{1,3} "!")";
    lazy.lazy  = true;
    lazy.words = { "a", "never" };
    for (int round = 0; round < 40; round++) {
        const GrammarSettings &  settings = round % 2 ? strict : lazy;
        Sampler                  sampler(vocabulary, any_settings(count), nullptr, 0);
        sampler.obey(std::make_unique<GrammarState>(model.grammars(), vocabulary, settings));
        GrammarState follower(model.grammars(), vocabulary, settings);
        for (int index = 0; index < 200; index++) {
            for (auto & logit : logits) {
                logit = between(-20, 20);
            }
            const llama_token chosen = sampler.choose(logits.data(), index, scratch);
            if (chosen < 0 || llama_vocab_is_eog(vocabulary, chosen)) {
                break;
            }
            CHECK(follower.allows(chosen));
            follower.accept(chosen);
        }
        CHECK(!follower.failed());
    }
    GrammarState broken(model.grammars(), vocabulary, strict);
    broken.accept(model.tokenize("x", false, false).back());
    broken.accept(model.tokenize("y", false, false).back());
    CHECK(broken.failed());
    GrammarSettings unknown;
    unknown.text = "root ::= nothing";
    CHECK(failure_of([&] { model.grammars().fresh(unknown); }) == Kind::INVALID_REQUEST);
    CHECK(failure_of([] { grammar_of_schema("{\"type\":7}"); }) == Kind::INVALID_REQUEST);
}

// Several sequences of random prompts advance together; a cut and recomputed one goes on as before.
static void exercise_steps(const Model & model, bool unified) {
    const ContextSettings settings = { 512, 4, 64, 32, 4, 2, GGML_TYPE_F16, LLAMA_FLASH_ATTN_TYPE_AUTO, unified };
    Context               context(model, settings);
    const int32_t         count = llama_vocab_n_tokens(model.vocabulary());
    for (int round = 0; round < 4; round++) {
        std::vector<std::unique_ptr<Sampler>> samplers;
        for (int sequence = 0; sequence < 4; sequence++) {
            samplers.push_back(std::make_unique<Sampler>(model.vocabulary(), any_settings(count), nullptr, 0));
            CHECK(context.forget(sequence, 0));
        }
        std::vector<llama_token> next(4, 1);
        for (int position = 0; position < 40; position++) {
            for (int sequence = 0; sequence < 4; sequence++) {
                context.columns.token[sequence]    = next[sequence];
                context.columns.position[sequence] = position;
                context.columns.sequence[sequence] = sequence;
                context.columns.sampler[sequence]  = position < 5 ? 0 : (int64_t) samplers[sequence].get();
                context.columns.index[sequence]    = position;
            }
            CHECK(context.step(4) == 0);
            for (int sequence = 0; sequence < 4; sequence++) {
                next[sequence] = position < 5 ? (llama_token) (rng() % count) : context.columns.chosen[sequence];
                CHECK(next[sequence] >= 0 && next[sequence] < count);
            }
        }
    }
    context.columns.token[0] = count;
    context.columns.position[0] = 40;
    CHECK(failure_of([&] { context.step(1); }) == Kind::INTERNAL);
}

// Sequences share beginnings, are cut and end in any order; what each one holds is still enough to go on.
static void exercise_sharing(const Model & model) {
    const ContextSettings settings = { 512, 4, 64, 32, 4, 2, GGML_TYPE_F16, LLAMA_FLASH_ATTN_TYPE_AUTO, true };
    Context               context(model, settings);
    std::vector<int>      length(200, 0);
    for (int round = 0; round < 400; round++) {
        const int sequence = (int) (rng() % length.size());
        const int other    = (int) (rng() % length.size());
        if (sequence != other && length[sequence] == 0) {
            context.share(other, sequence, length[other] / 2);
            length[sequence] = length[other] / 2;
        }
        if (length[sequence] > 60) {
            CHECK(context.forget(sequence, round % 20));
            length[sequence] = round % 20;
        }
        context.columns.token[0]    = (llama_token) (1 + rng() % 100);
        context.columns.position[0] = length[sequence]++;
        context.columns.sequence[0] = sequence;
        context.columns.sampler[0]  = 0;
        CHECK(context.step(1) == 0);
    }
    const ContextSettings separate = { 512, 4, 64, 32, 4, 2, GGML_TYPE_F16, LLAMA_FLASH_ATTN_TYPE_AUTO, false };
    Context               parts(model, separate);
    CHECK(failure_of([&] { parts.share(0, 1, 1); }) == Kind::INTERNAL);
}

// Positions of one context move into others, in pieces, beside sequences that are there; they come out of those as they went in.
static void exercise_states(const Model & model, ggml_type type) {
    const ContextSettings settings = { 512, 4, 64, 32, 2, type, LLAMA_FLASH_ATTN_TYPE_ENABLED, true };
    try {
        Context(model, settings);
    } catch (const Failure &) {
        CHECK(type != GGML_TYPE_F16);  // heads of this model are no multiple of the quantized groups
        return;
    }
    Context               from(model, settings);
    Context               to(model, settings);
    const int             carrier = 255;
    std::vector<uint8_t>  state(1 << 22);
    std::vector<uint8_t>  again(1 << 22);
    CHECK(from.state_kind() == StateKind::PLAIN);
    for (int position = 0; position < 60; position++) {
        from.columns.token[0]    = (llama_token) (1 + rng() % 100);
        from.columns.position[0] = position;
        from.columns.sequence[0] = 7;
        from.columns.sampler[0]  = 0;
        CHECK(from.step(1) == 0);
    }
    for (int round = 0; round < 60; round++) {
        const int target = (int) (rng() % 40);
        CHECK(to.forget(target, 0));
        for (int begin = 0; begin < 60;) {
            const int    end   = std::min(60, begin + 1 + (int) (rng() % 30));
            const size_t bytes = from.copy_out(7, carrier, begin, end, state.data(), state.size());
            CHECK(from.copy_out(7, carrier, begin, end, again.data(), bytes) == bytes);
            CHECK(failure_of([&] { from.copy_out(7, carrier, begin, end, again.data(), bytes - 1); }) == Kind::INTERNAL);
            // llama.cpp writes no owner of cells whose number it does not choose tokens for, and wants one when it reads.
            std::vector<uint8_t> owned(state.begin(), state.begin() + 16);
            const int32_t        owner[] = { 1, 0 };
            for (int cell = 0; cell < end - begin; cell++) {
                owned.insert(owned.end(), state.begin() + 16 + 8 * cell, state.begin() + 20 + 8 * cell);
                owned.insert(owned.end(), (const uint8_t *) owner, (const uint8_t *) owner + 8);
            }
            const size_t rows = 16 + 8 * (size_t) (end - begin);
            owned.insert(owned.end(), state.begin() + rows, state.begin() + bytes);
            CHECK(failure_of([&] { to.copy_in(owned.data(), owned.size() - 1, carrier, target); }) == Kind::INTERNAL);
            CHECK(failure_of([&] { to.copy_in(owned.data(), 11, carrier, target); }) == Kind::INTERNAL);
            to.copy_in(owned.data(), owned.size(), carrier, target);
            CHECK(to.copy_out(target, carrier, begin, end, again.data(), again.size()) == bytes);
            // Later on cells lie in another order, and so do their rows.
            CHECK(round > 0 || std::equal(again.begin(), again.begin() + bytes, state.begin()));
            begin = end;
        }
        CHECK(to.forget((int) (rng() % 40), 0));
        for (int other = 0; other < 40; other += 5) {
            CHECK(to.forget(other, 0));
        }
        if (round % 5 == 4) {
            for (int other = 0; other < 40; other++) {
                CHECK(to.forget(other, 0));
            }
        }
    }
    const ContextSettings separate = { 512, 4, 64, 32, 2, type, LLAMA_FLASH_ATTN_TYPE_ENABLED, false };
    Context               parts(model, separate);
    CHECK(parts.state_kind() == StateKind::SEPARATE);
    CHECK(failure_of([&] { parts.copy_out(0, 3, 0, 1, state.data(), state.size()); }) == Kind::INTERNAL);
    CHECK(failure_of([&] { parts.copy_in(state.data(), 100, 3, 0); }) == Kind::INTERNAL);
}

int main(int, char ** arguments) {
    backends_init(arguments[1]);
    exercise_numbers();
    CHECK(failure_of([] { Model("/no/such/file", { false, 0, {} }); }) == Kind::MODEL_REJECTED);
    CHECK(failure_of([&] { quantize(arguments[2], "/dev/null", "Q17", 1); }) == Kind::INVALID_REQUEST);
    {
        const Model vocabulary(arguments[2], { true, 0 });
        exercise_vocabulary(vocabulary);
        exercise_samplers(vocabulary);
        exercise_grammars(vocabulary);
    }
    const Model model(arguments[2], { false, 0, {} });
    exercise_steps(model, true);
    exercise_steps(model, false);
    exercise_sharing(model);
    exercise_states(model, GGML_TYPE_F16);
    exercise_states(model, GGML_TYPE_Q8_0);
    exercise_states(model, GGML_TYPE_Q4_0);
    CHECK(!log_drain().empty());
    puts("exercise: all checks hold");
    return 0;
}
