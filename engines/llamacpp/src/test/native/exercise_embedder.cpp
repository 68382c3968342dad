// Vectors of whole inputs: random batches, each input as it is alone, batches that do not fit, an interrupt.

#include <cmath>
#include <vector>

#include "context.h"
#include "embedder.h"
#include "exercise.h"
#include "model.h"

namespace sampo {

using Inputs = std::vector<std::vector<llama_token>>;

static int put(Embedder & embedder, const Inputs & inputs) {
    int row = 0;
    for (size_t input = 0; input < inputs.size(); input++) {
        for (size_t position = 0; position < inputs[input].size(); position++, row++) {
            embedder.columns.token[row]    = inputs[input][position];
            embedder.columns.position[row] = (int32_t) position;
            embedder.columns.input[row]    = (int32_t) input;
        }
    }
    return row;
}

static std::vector<float> vectors(Embedder & embedder, const Inputs & inputs) {
    const int rows = put(embedder, inputs);
    CHECK(embedder.compute(rows, (int) inputs.size()) == 0);
    const auto begin = embedder.columns.vector.begin();
    return { begin, begin + inputs.size() * embedder.vector_length() };
}

static Inputs any_inputs(int32_t vocabulary, int most, int most_tokens) {
    Inputs inputs(1 + rng() % most);
    for (auto & input : inputs) {
        input.resize(1 + rng() % (most_tokens / (int) inputs.size()));
        for (auto & token : input) {
            token = (llama_token) (rng() % vocabulary);
        }
    }
    return inputs;
}

void exercise_embedder(const std::string & path, enum llama_pooling_type pooling) {
    const Model            model(path, { false, 0, {} });
    const EmbedderSettings settings = { 64, 4, 2, LLAMA_FLASH_ATTN_TYPE_AUTO, pooling };
    const int32_t          count    = llama_vocab_n_tokens(model.vocabulary());
    Embedder               embedder(model, settings);
    CHECK(embedder.vector_length() == (pooling == LLAMA_POOLING_TYPE_RANK ? 1 : llama_model_n_embd_out(model.raw())));
    for (int round = 0; round < 40; round++) {
        const Inputs inputs   = any_inputs(count, settings.max_inputs, settings.batch_tokens);
        const auto   together = vectors(embedder, inputs);
        for (size_t input = 0; input < inputs.size(); input++) {
            const auto alone = vectors(embedder, { inputs[input] });
            for (size_t i = 0; i < alone.size(); i++) {
                const float other = together[input * alone.size() + i];
                CHECK(std::isfinite(other) && std::fabs(alone[i] - other) <= 0.02f * (1 + std::fabs(other)));
            }
        }
    }
    CHECK(failure_of([&] { embedder.compute(0, 1); }) == Kind::INTERNAL);
    CHECK(failure_of([&] { embedder.compute(settings.batch_tokens + 1, 1); }) == Kind::INTERNAL);
    CHECK(failure_of([&] { embedder.compute(1, settings.max_inputs + 1); }) == Kind::INTERNAL);
    if (llama_model_has_encoder(model.raw())) {
        const ContextSettings writing = { 512, 4, 64, 32, 4, 2, GGML_TYPE_F16, LLAMA_FLASH_ATTN_TYPE_AUTO, true };
        CHECK(failure_of([&] { Context(model, writing); }) == Kind::MODEL_REJECTED);
    }
    const int rows = put(embedder, any_inputs(count, settings.max_inputs, settings.batch_tokens));
    embedder.interrupt();
    CHECK(embedder.compute(rows, 1) == 2);
}

}  // namespace sampo
