#pragma once

#include <string>

#include "llama-cpp.h"

namespace sampo {

class Model;

// A LoRA adapter's weights. It is entered in its model's own list, so the thread that computes with the model makes and frees it,
// and it is freed before the model.
class Adapter {
  public:
    // Throws MODEL_REJECTED with llama.cpp's own reason.
    Adapter(const Model & model, const std::string & path, float scale);

    // Computes with this adapter from the next pass on.
    void apply_to(llama_context * context) const;

  private:
    llama_adapter_lora_ptr weights;
    const float            scale;
};

}  // namespace sampo
