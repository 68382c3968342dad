#pragma once

#include <optional>

#include "ggml_internals.h"
#include "variant.h"

namespace sampo::kernels {

// The format of weights of this type, where it is one of ours.
std::optional<Format> format_of(ggml_type type);

// Whether a matrix of weights, or one for each expert, can be packed.
bool can_pack(const ggml_tensor * weights);

size_t packed_bytes(const ggml_tensor * weights);

// Whether this is a multiplication (MUL_MAT or MUL_MAT_ID) whose form is provided for.
bool can_multiply(const ggml_tensor * op);

size_t work_bytes(const ggml_tensor * op);

// One thread's part of a multiplication by packed weights; all threads of the pool call it.
void multiply(const Variant & variant, const ComputeParams & params, void (*barrier)(ggml_threadpool *), ggml_tensor * op);

}  // namespace sampo::kernels
