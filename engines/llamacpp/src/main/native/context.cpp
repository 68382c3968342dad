#include "context.h"

#include <algorithm>

#include "failure.h"
#include "log_capture.h"
#include "model.h"

namespace sampo {

namespace {

llama_context_params params_of(const Model & model, const ContextSettings & settings) {
    if (llama_model_has_encoder(model.raw())) {
        throw Failure(Kind::MODEL_REJECTED, "encoder models are not supported");
    }
    llama_context_params params = llama_context_default_params();
    params.n_ctx                = settings.cells;
    params.n_batch              = settings.batch_tokens;
    params.n_ubatch             = settings.ubatch_tokens;
    params.n_seq_max            = settings.max_sequences;
    // One row of logits for each token to choose; without this there is room for a whole batch of them.
    params.n_outputs_max        = settings.max_sequences + settings.drafted_tokens;
    params.type_k               = (ggml_type) settings.kv_type;
    params.type_v               = (ggml_type) settings.kv_type;
    params.flash_attn_type      = (llama_flash_attn_type) settings.flash_attention;
    params.kv_unified           = settings.unified;
    return params;
}

}  // namespace

Context::Context(const Model & model, const ContextSettings & settings, const Context * threads_of) :
    model(model),
    unified(settings.unified),
    context(model, params_of(model, settings), threads_of ? threads_of->context.threads() : std::make_shared<ThreadPool>(settings.threads)) {
    if (!llama_get_memory(context.get())) {
        throw Failure(Kind::MODEL_REJECTED, "the model computes embeddings and its file names no pooling; choose mean, cls or last");
    }
    const size_t rows = settings.batch_tokens;
    const size_t outs = settings.max_sequences + settings.drafted_tokens;
    columns.token.resize(rows);
    columns.position.resize(rows);
    columns.sequence.resize(rows);
    columns.sampler.resize(rows);
    columns.index.resize(rows);
    columns.chosen.resize(outs);
    columns.logprob.resize(outs);
    columns.top_ids.resize(outs * MAX_TOP_LOGPROBS);
    columns.top_logprobs.resize(outs * MAX_TOP_LOGPROBS);
    wanted.resize(rows);
    sequences_of_row.assign(rows, 1);
    for (auto & sequence : columns.sequence) {
        sequence_of_row.push_back(&sequence);
    }
}

int Context::step(int rows, int split) {
    const auto sampled = std::count_if(columns.sampler.begin(), columns.sampler.begin() + rows, [](int64_t s) { return s != 0; });
    if (sampled > (ptrdiff_t) columns.chosen.size()) {
        throw Failure(Kind::INTERNAL, "more rows want a token than there is room for");
    }
    for (int row = 0; row < rows; row++) {
        wanted[row] = columns.sampler[row] != 0;
    }
    size_t    out  = 0;
    const int code = split > 0 ? pass(0, split, out) : 0;
    return code == 0 && split < rows ? pass(split, rows, out) : code;
}

int Context::pass(int from, int to, size_t & out) {
    const llama_batch batch = { to - from,
                                columns.token.data() + from,
                                nullptr,
                                columns.position.data() + from,
                                sequences_of_row.data() + from,
                                sequence_of_row.data() + from,
                                wanted.data() + from };
    LogCapture log;
    const int  code = llama_decode(context.get(), batch);
    if (code < 0) {
        throw Failure(Kind::INTERNAL, log.errors("llama_decode failed with code " + std::to_string(code)));
    }
    if (code > 0) {
        return code;
    }
    for (int row = from; row < to; row++) {
        if (!wanted[row]) {
            continue;
        }
        if (row > from && was_drafted(row) && columns.chosen[out - 1] != columns.token[row]) {
            columns.chosen[out++] = NOT_CHOSEN;
            continue;
        }
        float * logits = llama_get_logits_ith(context.get(), row - from);
        if (!logits) {
            throw Failure(Kind::INTERNAL, log.errors("llama_decode gave no logits"));
        }
        choose(row, logits, out++);
    }
    return 0;
}

bool Context::was_drafted(int row) const {
    return wanted[row - 1] && columns.sequence[row - 1] == columns.sequence[row];
}

void Context::choose(int row, float * logits, size_t out) {
    Sampler & sampler   = *(Sampler *) columns.sampler[row];
    columns.chosen[out] = sampler.choose(logits, columns.index[row], candidates);
    if (sampler.top_logprobs() >= 0 && columns.chosen[out] >= 0) {
        Logprobs into = { 0, &columns.top_ids[out * MAX_TOP_LOGPROBS], &columns.top_logprobs[out * MAX_TOP_LOGPROBS] };
        sampler.report(logits, columns.chosen[out], candidates, into);
        columns.logprob[out] = into.chosen;
    }
}

void Context::use(const Adapter * adapter) {
    if (adapter) {
        adapter->apply_to(context.get());
    } else {
        llama_set_adapters_lora(context.get(), nullptr, 0, nullptr);
    }
}

bool Context::collapse_next() {
    return model.pages().collapse_next() || context.pages().collapse_next();
}

bool Context::forget(int sequence, int from) {
    return llama_memory_seq_rm(llama_get_memory(context.get()), sequence, from, -1);
}

void Context::share(int from, int to, int tokens) {
    // Separate streams would be copied, and a part of one ends the process.
    if (!unified || !cuts_anywhere()) {
        throw Failure(Kind::INTERNAL, "this context cannot share cells");
    }
    llama_memory_seq_cp(llama_get_memory(context.get()), from, to, 0, tokens);
}

bool Context::cuts_anywhere() const {
    return !llama_model_is_recurrent(model.raw()) && !llama_model_is_hybrid(model.raw()) && llama_model_n_swa(model.raw()) == 0;
}

}  // namespace sampo
