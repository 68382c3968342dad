#include "adapter.h"

#include "failure.h"
#include "log_capture.h"
#include "model.h"

namespace sampo {

Adapter::Adapter(const Model & model, const std::string & path, float scale) : scale(scale) {
    LogCapture log;
    weights.reset(llama_adapter_lora_init(model.raw(), path.c_str()));
    if (!weights) {
        throw Failure(Kind::MODEL_REJECTED, log.errors("llama.cpp gave no reason"));
    }
}

void Adapter::apply_to(llama_context * context) const {
    llama_adapter_lora * adapters[] = { weights.get() };
    float                scales[]   = { scale };
    llama_set_adapters_lora(context, adapters, 1, scales);
}

}  // namespace sampo
