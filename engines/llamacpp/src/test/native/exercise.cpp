// Drives the native half without a JVM, so that sanitizers see every access: vocabulary, chat format, grammars, samplers with odd settings
// and odd logits; and, in the files beside this one, contexts, speculation, KV, adapters and embedders. Usage: exercise
// FOLDER_OF_LIBRARIES FOLDER_OF_MODELS [MODEL.gguf]. Fails on the first check that does not hold.

#include "exercise.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "chat_format.h"
#include "context.h"
#include "huge_pages.h"
#include "log_capture.h"
#include "model.h"
#include "sampler.h"

namespace sampo {

std::mt19937 rng(42);

float between(float low, float high) {
    return std::uniform_real_distribution<float>(low, high)(rng);
}

SamplerSettings any_settings(int32_t vocabulary) {
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

}  // namespace sampo

using namespace sampo;

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
// Memory keeps what is in it on huge pages; what was not written to takes no memory.
static void exercise_pages() {
    constexpr size_t HALF = size_t(16) << 20;
    HugePages        pages;
    void *           memory = mmap(nullptr, 2 * HALF, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    auto * words = (uint32_t *) memory;
    for (size_t i = 0; i < HALF / sizeof(uint32_t); i++) {
        words[i] = (uint32_t) i * 2654435761u;
    }
    pages.allocated();
    while (pages.collapse_next()) {
    }
    CHECK(!pages.collapse_next());
    for (size_t i = 0; i < HALF / sizeof(uint32_t); i++) {
        CHECK(words[i] == (uint32_t) i * 2654435761u);
    }
    std::vector<unsigned char> present(HALF / sysconf(_SC_PAGESIZE));
    CHECK(mincore((char *) memory + HALF, HALF, present.data()) == 0);
    // The huge page in the middle may belong to both halves.
    CHECK(std::count_if(present.begin(), present.end(), [](unsigned char one) { return one & 1; }) <= (long) (present.size() / 8));
    munmap(memory, 2 * HALF);
}

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

// However few tokens are looked at for it, top-k keeps the likeliest of all, and the draw is among them in that order.
static void exercise_top_k(const Model & model) {
    const int32_t                 count = llama_vocab_n_tokens(model.vocabulary());
    std::vector<float>            logits(count);
    std::vector<llama_token_data> scratch;
    SamplerSettings               settings;
    settings.temperature = 1;
    for (int round = 0; round < 100; round++) {
        settings.seed  = rng();
        settings.top_k = 1 + (int) (rng() % std::min(count, 100));
        for (auto & logit : logits) {
            logit = between(0, 8);
        }
        std::vector<llama_token> order(count);
        std::iota(order.begin(), order.end(), 0);
        std::sort(order.begin(), order.end(), [&](llama_token a, llama_token b) { return logits[a] > logits[b]; });
        double total = 0;
        for (int i = 0; i < settings.top_k; i++) {
            total += (float) std::exp(logits[order[i]] - logits[order[0]]);
        }
        double rest  = uniform(settings.seed, settings.choice, round) * total;
        int    drawn = -1;
        while (drawn + 1 < settings.top_k && rest >= 0) {
            rest -= (float) std::exp(logits[order[++drawn]] - logits[order[0]]);
        }
        Sampler sampler(model.vocabulary(), settings, nullptr, 0);
        CHECK(logits[sampler.choose(logits.data(), round, scratch)] == logits[order[drawn]]);
    }
}

// Tokens before the answer are given, whatever the logits are.
static void exercise_recital(const Model & model) {
    const llama_token             history[] = { 5, 6, 7 };
    std::vector<float>            logits(llama_vocab_n_tokens(model.vocabulary()), NAN);
    std::vector<llama_token_data> scratch;
    SamplerSettings               settings;
    settings.recited = 2;
    Sampler sampler(model.vocabulary(), settings, history, 3);
    CHECK(sampler.choose(logits.data(), -2, scratch) == 6);
    CHECK(sampler.choose(logits.data(), -1, scratch) == 7);
    CHECK(sampler.choose(logits.data(), 0, scratch) == -1);
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

// All that needs one model only.
static void exercise_model(const std::string & path) {
    {
        const Model vocabulary(path, { true, 0, {} });
        exercise_vocabulary(vocabulary);
        exercise_samplers(vocabulary);
        exercise_top_k(vocabulary);
        exercise_recital(vocabulary);
        exercise_grammars(vocabulary);
    }
    const Model model(path, { false, 0, {} });
    exercise_steps(model);
    exercise_drafts(model);
    exercise_states(model);
}

int main(int count, char ** arguments) {
    const std::string folder = arguments[2];
    backends_init(arguments[1]);
    exercise_numbers();
    exercise_pages();
    const std::string path = folder + "/model.gguf";
    CHECK(failure_of([] { Model("/no/such/file", { false, 0, {} }); }) == Kind::MODEL_REJECTED);
    CHECK(failure_of([&] { quantize(path, "/dev/null", "Q17", 1); }) == Kind::INVALID_REQUEST);
    exercise_kernels(path, folder);
    exercise_divergence(path, folder);
    exercise_divergence(folder + "/grouped.gguf", folder);
    exercise_model(path);
    if (count > 3) {
        exercise_model(arguments[3]);
        exercise_divergence(arguments[3], folder);
    }
    exercise_adapters(Model(path, { false, 0, {} }), folder + "/adapter.gguf", path);
    exercise_embedder(folder + "/embedder.gguf", LLAMA_POOLING_TYPE_MEAN);
    exercise_embedder(folder + "/embedder.gguf", LLAMA_POOLING_TYPE_CLS);
    exercise_embedder(folder + "/ranker.gguf", LLAMA_POOLING_TYPE_RANK);
    exercise_embedder(path, LLAMA_POOLING_TYPE_LAST);
    CHECK(!log_drain().empty());
    puts("exercise: all checks hold");
    return 0;
}
