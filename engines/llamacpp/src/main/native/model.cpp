#include "model.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "failure.h"
#include "log_capture.h"

namespace sampo {

namespace {

// llama.cpp has one error path; its wording alone tells a full memory from a bad file.
Kind kind_of(const std::string & reason) {
    const bool memory = reason.find("allocate") != std::string::npos || reason.find("out of memory") != std::string::npos;
    return memory ? Kind::OUT_OF_MEMORY : Kind::MODEL_REJECTED;
}

bool has_gpu() {
    for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
        if (ggml_backend_dev_type(ggml_backend_dev_get(i)) != GGML_BACKEND_DEVICE_TYPE_CPU) {
            return true;
        }
    }
    return false;
}

const std::map<std::string, llama_ftype> QUANTIZATIONS = {
    { "F32", LLAMA_FTYPE_ALL_F32 },           { "F16", LLAMA_FTYPE_MOSTLY_F16 },         { "BF16", LLAMA_FTYPE_MOSTLY_BF16 },
    { "Q4_0", LLAMA_FTYPE_MOSTLY_Q4_0 },      { "Q4_1", LLAMA_FTYPE_MOSTLY_Q4_1 },       { "Q5_0", LLAMA_FTYPE_MOSTLY_Q5_0 },
    { "Q5_1", LLAMA_FTYPE_MOSTLY_Q5_1 },      { "Q8_0", LLAMA_FTYPE_MOSTLY_Q8_0 },       { "Q2_K", LLAMA_FTYPE_MOSTLY_Q2_K },
    { "Q3_K_S", LLAMA_FTYPE_MOSTLY_Q3_K_S },  { "Q3_K_M", LLAMA_FTYPE_MOSTLY_Q3_K_M },   { "Q3_K_L", LLAMA_FTYPE_MOSTLY_Q3_K_L },
    { "Q4_K_S", LLAMA_FTYPE_MOSTLY_Q4_K_S },  { "Q4_K_M", LLAMA_FTYPE_MOSTLY_Q4_K_M },   { "Q5_K_S", LLAMA_FTYPE_MOSTLY_Q5_K_S },
    { "Q5_K_M", LLAMA_FTYPE_MOSTLY_Q5_K_M },  { "Q6_K", LLAMA_FTYPE_MOSTLY_Q6_K },       { "IQ4_NL", LLAMA_FTYPE_MOSTLY_IQ4_NL },
    { "IQ4_XS", LLAMA_FTYPE_MOSTLY_IQ4_XS },  { "IQ3_S", LLAMA_FTYPE_MOSTLY_IQ3_S },     { "IQ3_M", LLAMA_FTYPE_MOSTLY_IQ3_M },
    { "TQ1_0", LLAMA_FTYPE_MOSTLY_TQ1_0 },    { "TQ2_0", LLAMA_FTYPE_MOSTLY_TQ2_0 },     { "MXFP4", LLAMA_FTYPE_MOSTLY_MXFP4_MOE },
};

}  // namespace

void backends_init(const std::string & folder) {
    log_init();
    if (!ggml_backend_reg_by_name("CPU")) {
        ggml_backend_load_all_from_path(folder.c_str());
        if (!has_gpu()) {
            ggml_backend_load_all_from_path((folder + "/fallback").c_str());
        }
    }
    if (!ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU)) {
        throw Failure(Kind::INTERNAL, "no CPU backend of ggml in " + folder);
    }
    llama_backend_init();
    kernels::plug_in();
}

Model::Model(const std::string & path, const ModelSettings & settings) {
    llama_model_params params = llama_model_default_params();
    params.vocab_only         = settings.vocabulary_only;
    params.n_gpu_layers       = settings.gpu_layers;
    // llama.cpp reads as many numbers as it knows devices.
    std::vector<float> split(llama_max_devices());
    std::copy_n(settings.tensor_split.begin(), std::min(split.size(), settings.tensor_split.size()), split.begin());
    params.tensor_split = settings.tensor_split.empty() ? nullptr : split.data();
    LogCapture             log;
    const kernels::Loading loading(settings.vocabulary_only ? "off" : settings.kernels);
    model.reset(llama_model_load_from_file(path.c_str(), params));
    by_kernels = loading.taken();
    if (!model) {
        const std::string reason = log.errors("llama.cpp gave no reason");
        throw Failure(kind_of(reason), reason);
    }
    weights.allocated();
    if (llama_vocab_n_tokens(vocabulary()) == 0) {
        throw Failure(Kind::MODEL_REJECTED, "the model has no vocabulary");
    }
    compiled = std::make_unique<GrammarCache>(vocabulary());
}

std::vector<llama_token> Model::tokenize(const std::string & text, bool add_special, bool parse_special) const {
    std::vector<llama_token> tokens(text.size() + 2);
    const auto               fill = [&] {
        return llama_tokenize(vocabulary(), text.data(), (int32_t) text.size(), tokens.data(), (int32_t) tokens.size(), add_special,
                              parse_special);
    };
    try {
        int32_t count = fill();
        if (count == INT32_MIN) {
            throw Failure(Kind::INVALID_REQUEST, "the text has too many tokens");
        }
        if (count < 0) {
            tokens.resize(-count);
            count = fill();
        }
        tokens.resize(count);
        return tokens;
    } catch (const std::out_of_range &) {
        // A vocabulary without tokens for single bytes has no way to write what is in none of its tokens.
        throw Failure(Kind::INVALID_REQUEST, "the model's vocabulary cannot express this text");
    }
}

std::string Model::piece(llama_token token, bool special) const {
    std::string text(32, '\0');
    int32_t     length = llama_token_to_piece(vocabulary(), token, &text[0], (int32_t) text.size(), 0, special);
    if (length < 0) {
        text.resize(-length);
        length = llama_token_to_piece(vocabulary(), token, &text[0], (int32_t) text.size(), 0, special);
    }
    text.resize(length);
    return text;
}

std::string Model::devices() {
    std::string names;
    for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
        ggml_backend_dev_t device = ggml_backend_dev_get(i);
        if (ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_GPU) {
            names.append(names.empty() ? "" : ", ").append(ggml_backend_dev_description(device));
        }
    }
    return names;
}

std::vector<int64_t> Model::free_bytes() {
    std::vector<int64_t> bytes;
    for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
        ggml_backend_dev_t device = ggml_backend_dev_get(i);
        if (ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_GPU) {
            size_t free  = 0;
            size_t total = 0;
            ggml_backend_dev_memory(device, &free, &total);
            bytes.push_back((int64_t) free);
        }
    }
    return bytes;
}

void quantize(const std::string & from, const std::string & to, const std::string & type, int threads) {
    const auto found = QUANTIZATIONS.find(type);
    if (found == QUANTIZATIONS.end()) {
        throw Failure(Kind::INVALID_REQUEST, "no such quantization: " + type);
    }
    llama_model_quantize_params params = llama_model_quantize_default_params();
    params.ftype                       = found->second;
    params.nthread                     = threads;
    LogCapture log;
    if (llama_model_quantize(from.c_str(), to.c_str(), &params) != 0) {
        throw Failure(Kind::MODEL_REJECTED, log.errors("llama.cpp could not quantize " + from));
    }
}

}  // namespace sampo
