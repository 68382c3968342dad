// Adapters: loaded, chosen, changed between steps and freed, also while a context that does not use them lives on.

#include <cmath>
#include <memory>

#include "adapter.h"
#include "context.h"
#include "exercise.h"
#include "model.h"
#include "sampler.h"

namespace sampo {

// The chances of the token chosen at each of some positions of a fixed text.
static std::vector<float> chances(Context & context, Sampler & sampler) {
    std::vector<float> told;
    CHECK(context.forget(0, 0));
    for (int position = 0; position < 10; position++) {
        context.columns.token[0]    = 1 + 7 * position;
        context.columns.position[0] = position;
        context.columns.sequence[0] = 0;
        context.columns.sampler[0]  = (int64_t) &sampler;
        context.columns.index[0]    = position;
        CHECK(context.step(1) == 0);
        told.push_back(context.columns.logprob[0]);
    }
    return told;
}

void exercise_adapters(const Model & model, const std::string & adapter, const std::string & no_adapter) {
    CHECK(failure_of([&] { Adapter(model, no_adapter, 1); }) == Kind::MODEL_REJECTED);
    CHECK(failure_of([&] { Adapter(model, "/no/such/file", 1); }) == Kind::MODEL_REJECTED);
    const ContextSettings settings = { 512, 4, 64, 32, 4, 2, GGML_TYPE_F16, LLAMA_FLASH_ATTN_TYPE_AUTO, true };
    Context               context(model, settings);
    SamplerSettings       reporting;
    reporting.top_logprobs = 0;
    Sampler    sampler(model.vocabulary(), reporting, nullptr, 0);
    const auto bare = chances(context, sampler);
    for (int round = 0; round < 10; round++) {
        auto one  = std::make_unique<Adapter>(model, adapter, 1);
        auto none = std::make_unique<Adapter>(model, adapter, 0);
        context.use(one.get());
        const auto changed = chances(context, sampler);
        CHECK(changed != bare);
        context.use(none.get());
        const auto same = chances(context, sampler);
        for (size_t i = 0; i < bare.size(); i++) {
            CHECK(std::fabs(same[i] - bare[i]) < 1e-4f);
        }
        one.reset();
        CHECK(chances(context, sampler) == same);
        context.use(nullptr);
        none.reset();
        CHECK(chances(context, sampler) == bare);
    }
}

}  // namespace sampo
