// Steps of several sequences: batches, drafts, shared beginnings, an interrupt.

#include <algorithm>
#include <memory>

#include "context.h"
#include "exercise.h"
#include "model.h"
#include "sampler.h"

namespace sampo {

// Several sequences of random prompts advance together; a cut and recomputed one goes on as before.
static void exercise_batches(const Model & model, bool unified) {
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

// A context that was interrupted computes no more.
static void exercise_interrupt(const Model & model) {
    const ContextSettings settings = { 512, 4, 64, 32, 4, 2, GGML_TYPE_F16, LLAMA_FLASH_ATTN_TYPE_AUTO, true };
    Context               context(model, settings);
    context.columns.token[0]    = 1;
    context.columns.position[0] = 0;
    context.columns.sequence[0] = 0;
    context.columns.sampler[0]  = 0;
    CHECK(context.step(1) == 0);
    context.interrupt();
    context.columns.position[0] = 1;
    CHECK(context.step(1) == 2);
}

void exercise_steps(const Model & model) {
    exercise_batches(model, true);
    exercise_batches(model, false);
    exercise_sharing(model);
    exercise_interrupt(model);
}

// One step of a sequence with drafted tokens behind its last one; the token chosen after those that stood is its new last one.
static void step_with_draft(Context & context, Sampler & sampler, std::vector<llama_token> & text, const std::vector<llama_token> & draft) {
    const int rows = 1 + (int) draft.size();
    for (int row = 0; row < rows; row++) {
        context.columns.token[row]    = row == 0 ? text.back() : draft[row - 1];
        context.columns.position[row] = (int) text.size() - 1 + row;
        context.columns.sequence[row] = 3;
        context.columns.sampler[row]  = (int64_t) &sampler;
        context.columns.index[row]    = (int) text.size() + row;
    }
    CHECK(context.step(rows) == 0);
    const auto & chosen = context.columns.chosen;
    int          stood  = 0;
    while (stood < rows - 1 && chosen[stood] == draft[stood]) {
        stood++;
        CHECK(chosen[stood] != NOT_CHOSEN);
    }
    for (int row = stood + 1; row < rows; row++) {
        CHECK(chosen[row] == NOT_CHOSEN);
    }
    text.insert(text.end(), chosen.begin(), chosen.begin() + stood + 1);
    CHECK(context.forget(3, (int) text.size() - 1));
}

// Drafts that stand, that do not, and that fill the room for them; beside a context that shares the threads and goes first.
void exercise_drafts(const Model & model) {
    const int             room     = 8;
    const ContextSettings settings = { 512, 4, 64, 32, room, 2, GGML_TYPE_F16, LLAMA_FLASH_ATTN_TYPE_AUTO, true };
    const int32_t         count    = llama_vocab_n_tokens(model.vocabulary());
    auto                  guessing = std::make_unique<Context>(model, settings);
    auto                  context  = std::make_unique<Context>(model, settings, guessing.get());
    for (int round = 0; round < 20; round++) {
        Sampler                  alone(model.vocabulary(), SamplerSettings(), nullptr, 0);
        Sampler                  sampler(model.vocabulary(), SamplerSettings(), nullptr, 0);
        std::vector<llama_token> guess = { 1 };
        std::vector<llama_token> text  = { 1 };
        CHECK(guessing->forget(3, 0) && context->forget(3, 0));
        while (guess.size() < 60) {
            step_with_draft(*guessing, alone, guess, {});
        }
        while (text.size() < 40) {
            // What the other context said, with mistakes; the drafted rows and the last token fill the room now and then.
            std::vector<llama_token> draft;
            const size_t             length = rng() % (room + 1);
            for (size_t at = text.size(); draft.size() < length && at < guess.size(); at++) {
                draft.push_back(rng() % 6 ? guess[at] : (llama_token) (rng() % count));
            }
            step_with_draft(*context, sampler, text, draft);
        }
    }
    // One row more than there is room to choose for.
    Sampler sampler(model.vocabulary(), SamplerSettings(), nullptr, 0);
    for (int row = 0; row < 4 + room + 1; row++) {
        context->columns.token[row]    = 1;
        context->columns.position[row] = row;
        context->columns.sequence[row] = 0;
        context->columns.sampler[row]  = (int64_t) &sampler;
        context->columns.index[row]    = row;
    }
    CHECK(failure_of([&] { context->step(4 + room + 1); }) == Kind::INTERNAL);
    // The threads outlive whichever context made them.
    guessing.reset();
    CHECK(context->step(4 + room, 2) == 0);
}

}  // namespace sampo
