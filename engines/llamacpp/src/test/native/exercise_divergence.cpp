// How far a quantized model's answers are from those of the same weights in F32, with ggml's kernels and with ours: mean Kullback-Leibler
// divergence of the next token's distribution, at every position of 64 prompts.

#include <algorithm>
#include <cmath>

#include "exercise.h"
#include "kernels/plugin.h"
#include "model.h"

namespace sampo {

namespace {

constexpr int PROMPTS = 64;
constexpr int LENGTH  = 24;

llama_context_ptr context_of(const Model & model) {
    llama_context_params params = llama_context_default_params();
    params.n_ctx                = LENGTH;
    params.n_batch              = LENGTH;
    params.n_threads            = 2;
    params.n_threads_batch      = 2;
    llama_context_ptr context(llama_init_from_model(model.raw(), params));
    CHECK(context);
    return context;
}

// Computes so many tokens of a prompt from a position on, with logits for each.
void compute(llama_context * context, const llama_token * tokens, int position, int count) {
    llama_batch batch = llama_batch_init(count, 0, 1);
    batch.n_tokens    = count;
    for (int i = 0; i < count; i++) {
        batch.token[i]     = tokens[i];
        batch.pos[i]       = position + i;
        batch.n_seq_id[i]  = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i]    = true;
    }
    CHECK(llama_decode(context, batch) == 0);
    llama_batch_free(batch);
}

void log_probabilities(const float * logits, int vocabulary, std::vector<float> & onto) {
    const float most = *std::max_element(logits, logits + vocabulary);
    double      sum  = 0;
    for (int token = 0; token < vocabulary; token++) {
        sum += std::exp((double) logits[token] - most);
    }
    for (int token = 0; token < vocabulary; token++) {
        onto.push_back((float) (logits[token] - most - std::log(sum)));
    }
}

// Prompts as the model itself would write them, each after a first token by chance: a model knows what it does only among such.
std::vector<llama_token> written_by(const Model & model) {
    const llama_context_ptr  context    = context_of(model);
    const int                vocabulary = llama_vocab_n_tokens(model.vocabulary());
    std::vector<llama_token> tokens;
    std::vector<float>       next;
    for (int prompt = 0; prompt < PROMPTS; prompt++) {
        llama_memory_clear(llama_get_memory(context.get()), true);
        llama_token token = 1 + (llama_token) (rng() % (unsigned) (vocabulary - 1));
        for (int i = 0; i < LENGTH; i++) {
            tokens.push_back(token);
            compute(context.get(), &token, i, 1);
            next.clear();
            log_probabilities(llama_get_logits_ith(context.get(), 0), vocabulary, next);
            double left = between(0, 1);
            for (token = 0; token < vocabulary - 1 && (left -= std::exp((double) next[token])) > 0; token++) {
            }
        }
    }
    return tokens;
}

// Log probabilities of all tokens at all positions.
std::vector<float> answers(const Model & model, const std::vector<llama_token> & tokens) {
    const llama_context_ptr context    = context_of(model);
    const int               vocabulary = llama_vocab_n_tokens(model.vocabulary());
    std::vector<float>      all;
    for (int prompt = 0; prompt < PROMPTS; prompt++) {
        llama_memory_clear(llama_get_memory(context.get()), true);
        compute(context.get(), &tokens[prompt * LENGTH], 0, LENGTH);
        for (int i = 0; i < LENGTH; i++) {
            log_probabilities(llama_get_logits_ith(context.get(), i), vocabulary, all);
        }
    }
    return all;
}

double divergence(const std::vector<float> & exact, const std::vector<float> & from) {
    double sum = 0;
    CHECK(exact.size() == from.size());
    for (size_t i = 0; i < exact.size(); i++) {
        sum += std::exp((double) exact[i]) * ((double) exact[i] - from[i]);
    }
    return sum / (PROMPTS * LENGTH);
}

void exercise_quantized(const std::string & path, const std::string & scratch) {
    llama_model_quantize_params params = llama_model_quantize_default_params();
    params.ftype                       = LLAMA_FTYPE_ALL_F32;
    params.allow_requantize            = true;
    CHECK(llama_model_quantize(path.c_str(), scratch.c_str(), &params) == 0);
    const Model  model(scratch, { false, 0, {} });
    const auto   tokens = written_by(model);
    const auto   exact  = answers(model, tokens);
    const double stock  = divergence(exact, answers(Model(path, { false, 0, {} }), tokens));
    for (const auto & variant : kernels::plugged_in().variants) {
        const Model  with(path, { false, 0, {}, variant });
        const double ours = divergence(exact, answers(with, tokens));
        printf("divergence: %s, %lld matrices: %.4e, ggml %.4e\n", variant.c_str(), (long long) with.taken().matrices, ours, stock);
        CHECK(with.taken().matrices > 0 && ours > 0 && ours <= 1.02 * stock);
    }
}

}  // namespace

// A model that is quantized already is taken as it is.
void exercise_divergence(const std::string & path, const std::string & folder) {
    for (const char * type : { "Q4_0", "Q8_0", "Q4_K_M", "Q5_K_M", "Q6_K" }) {
        const std::string quantized = folder + "/diverging.gguf";
        bool              as_it_is  = false;
        try {
            quantize(path, quantized, type, 1);
        } catch (const Failure &) {
            as_it_is = true;
        }
        printf("divergence: %s %s\n", path.c_str(), as_it_is ? "as it is" : type);
        exercise_quantized(as_it_is ? path : quantized, folder + "/exact.gguf");
        if (as_it_is) {
            return;
        }
    }
}

}  // namespace sampo
