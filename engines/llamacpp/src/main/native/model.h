#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "grammar.h"
#include "huge_pages.h"
#include "kernels/plugin.h"
#include "llama-cpp.h"

namespace sampo {

// Loads ggml's backends: once in a process, before anything else. The folder holds them where llama.cpp was built with dynamic
// backends; a build with its own CPU backend inside needs none.
void backends_init(const std::string & folder);

struct ModelSettings {
    bool vocabulary_only;
    int  gpu_layers;  // negative: all

    // What part of them each GPU takes, in any unit; empty leaves it to llama.cpp.
    std::vector<float> tensor_split;

    // As kernels::Loading takes it.
    std::string kernels = "off";
};

// A model's weights (or only its vocabulary). Read-only once loaded, so safe for many threads.
class Model {
  public:
    // Throws MODEL_REJECTED or OUT_OF_MEMORY with llama.cpp's own reason.
    Model(const std::string & path, const ModelSettings & settings);

    llama_model *       raw() const { return model.get(); }
    const llama_vocab * vocabulary() const { return llama_model_get_vocab(model.get()); }

    std::vector<llama_token> tokenize(const std::string & text, bool add_special, bool parse_special) const;

    // The bytes one token adds to a text.
    std::string piece(llama_token token, bool special) const;

    // The grammars that sequences of this model use.
    GrammarCache & grammars() const { return *compiled; }

    // The weights' memory; for one thread at a time.
    HugePages & pages() const { return weights; }

    // What our kernels multiply of it.
    const kernels::Taken & taken() const { return by_kernels; }

    // Name and kind of the devices that compute, for people.
    static std::string devices();

    // The free memory of each GPU among them, in bytes and the same order.
    static std::vector<int64_t> free_bytes();

  private:
    mutable HugePages             weights;
    llama_model_ptr               model;
    kernels::Taken                by_kernels;
    std::unique_ptr<GrammarCache> compiled;
};

// Writes a quantized copy of a model file. The type is named as llama-quantize names it, for example Q4_K_M.
void quantize(const std::string & from, const std::string & to, const std::string & type, int threads);

}  // namespace sampo
