#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "grammar.h"
#include "llama-cpp.h"

namespace sampo {

// The fields of io.sampo.engines.spi.Sampling.
struct SamplerSettings {
    float                         temperature       = 0;
    int                           top_k             = 0;
    float                         top_p             = 1;
    float                         min_p             = 0;
    float                         typical_p         = 1;
    float                         repeat_penalty    = 1;
    int                           repeat_last       = 0;  // tokens; -1 was already replaced by the context's length
    float                         frequency_penalty = 0;
    float                         presence_penalty  = 0;
    uint64_t                      seed              = 0;
    uint64_t                      choice            = 0;
    std::vector<llama_logit_bias> biases;
    bool                          ignore_end        = false;
    int                           top_logprobs      = -1;  // -1: none
    int                           recited           = 0;   // tokens at the history's end that are chosen for negative indexes
};

// What is reported of one position: natural logarithms of the model's own distribution, before any filter.
struct Logprobs {
    float     chosen;
    int32_t * top_ids;  // likeliest first
    float *   top;
};

// A number in [0, 1) that depends on nothing but its arguments, so that a random stream goes on where another process left it.
// The index-th output of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014), whose
// state advances by a constant and can therefore be entered at any index; the start mixes seed and choice.
double uniform(uint64_t seed, uint64_t choice, uint64_t index);

// The index of the largest finite logit, -1 when there is none. NaN never wins.
int32_t argmax(const float * logits, int32_t count);

// Chooses the tokens of one sequence. The order is llama.cpp's: logit bias, penalties, top-k, typical, top-p, min-p, temperature,
// draw. A grammar has the last word: a choice that breaks it is made anew among the tokens that obey. Bias and penalties touch few tokens, so they are applied to the logits in place (with llama.cpp's formulas) and undone
// afterwards; the filters are llama.cpp's own samplers; the draw is ours.
class Sampler {
  public:
    // The history is what penalties look back on: the prompt, and what of the answer is in it.
    Sampler(const llama_vocab * vocabulary, const SamplerSettings & settings, const llama_token * history, size_t history_length);

    // From now on only tokens that this grammar allows are chosen.
    void obey(std::unique_ptr<GrammarState> with) { grammar = std::move(with); }

    int top_logprobs() const { return settings.top_logprobs; }

    // Chooses the token with this index of the answer and remembers it; -1 when no token is possible. That of a negative index is
    // given. The logits are unchanged afterwards. The candidates are scratch space.
    llama_token choose(float * logits, int64_t index, std::vector<llama_token_data> & candidates);

    // Fills in what settings ask for. Candidates are scratch space.
    void report(const float * logits, llama_token chosen, std::vector<llama_token_data> & candidates, Logprobs & into) const;

  private:
    void        shift(float * logits, llama_token token, float to);
    void        apply_penalties(float * logits);
    llama_token choose_freely(const float * logits, uint64_t index, std::vector<llama_token_data> & candidates);
    void        gather(const float * logits, std::vector<llama_token_data> & candidates);
    llama_token choose_by_grammar(const float * logits, uint64_t index, std::vector<llama_token_data> & candidates);
    llama_token filter_and_draw(llama_token_data_array & left, double random);
    void        remember(llama_token token);
    bool        penalizes() const;

    struct Undo {
        llama_token token;
        float       logit;
    };

    const SamplerSettings                settings;
    const int32_t                        vocabulary_size;
    std::vector<llama_logit_bias>        biases;
    std::vector<llama_token>             recited;
    llama_sampler_ptr                    filters;  // null when none is on
    std::unique_ptr<GrammarState>        grammar;  // null when there is none
    std::vector<Undo>                    undo;
    std::vector<float>                   maxima;  // scratch space
    std::vector<llama_token>             recent;  // ring of the last repeat_last tokens
    size_t                               recent_next = 0;
    std::unordered_map<llama_token, int> recent_counts;
};

}  // namespace sampo
