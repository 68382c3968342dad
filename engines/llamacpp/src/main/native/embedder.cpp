#include "embedder.h"

#include <algorithm>

#include "failure.h"
#include "log_capture.h"
#include "model.h"

namespace sampo {

namespace {

// One pass for a whole batch: attention that looks ahead needs all of an input in it, and pooling sees one pass only.
llama_context_params params_of(const Model & model, const EmbedderSettings & settings) {
    if (llama_model_has_encoder(model.raw()) && llama_model_has_decoder(model.raw())) {
        throw Failure(Kind::MODEL_REJECTED, "models of encoder and decoder are not supported");
    }
    llama_context_params params = llama_context_default_params();
    params.n_ctx                = settings.batch_tokens;
    params.n_batch              = settings.batch_tokens;
    params.n_ubatch             = settings.batch_tokens;
    params.n_seq_max            = settings.max_inputs;
    params.flash_attn_type      = (llama_flash_attn_type) settings.flash_attention;
    params.pooling_type         = (enum llama_pooling_type) settings.pooling;
    params.embeddings           = true;
    params.kv_unified           = true;
    return params;
}

}  // namespace

Embedder::Embedder(const Model & model, const EmbedderSettings & settings) :
    context(model, params_of(model, settings), std::make_shared<ThreadPool>(settings.threads)), max_inputs(settings.max_inputs) {
    const bool ranks = settings.pooling == LLAMA_POOLING_TYPE_RANK;
    length           = ranks ? (int) llama_model_n_cls_out(model.raw()) : llama_model_n_embd_out(model.raw());
    if (length < 1 || (ranks && length > llama_model_n_embd(model.raw()))) {
        throw Failure(Kind::MODEL_REJECTED, "the model's classification head has an impossible number of labels");
    }
    columns.token.resize(settings.batch_tokens);
    columns.position.resize(settings.batch_tokens);
    columns.input.resize(settings.batch_tokens);
    columns.vector.resize((size_t) max_inputs * length);
    wanted.assign(settings.batch_tokens, 1);
    inputs_of_row.assign(settings.batch_tokens, 1);
    for (auto & input : columns.input) {
        input_of_row.push_back(&input);
    }
}

int Embedder::compute(int rows, int inputs) {
    if (rows < 1 || rows > (int) columns.token.size() || inputs > max_inputs) {
        throw Failure(Kind::INTERNAL, "a batch is larger than was agreed");
    }
    if (llama_memory_t memory = llama_get_memory(context.get())) {
        llama_memory_clear(memory, false);
    }
    const llama_batch batch = { rows,          columns.token.data(), nullptr, columns.position.data(), inputs_of_row.data(), input_of_row.data(),
                                wanted.data() };
    LogCapture log;
    const int  code = llama_decode(context.get(), batch);
    if (code == 2) {
        return code;
    }
    if (code != 0) {
        throw Failure(Kind::INTERNAL, log.errors("llama_decode failed with code " + std::to_string(code)));
    }
    for (int input = 0; input < inputs; input++) {
        const float * vector = llama_get_embeddings_seq(context.get(), input);
        if (!vector) {
            throw Failure(Kind::INTERNAL, log.errors("llama_decode gave no embedding"));
        }
        std::copy(vector, vector + length, columns.vector.begin() + (size_t) input * length);
    }
    return 0;
}

}  // namespace sampo
