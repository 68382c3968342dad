#pragma once

// What ggml 0.25.1 keeps to itself and the plug-in needs: how buffer types, buffers and the CPU backend's own extensions are laid out. These
// are declarations of ggml (MIT licence), repeated because the prebuilt package has no internal headers. plugin.cpp uses nothing of it
// before it has looked at the version, and offers nothing before a multiplication through it came out right.

#include "ggml-backend.h"
#include "ggml.h"

namespace sampo::kernels {

constexpr const char * GGML_VERSION = "0.25.1";

// From ggml-backend-impl.h.
struct BufferTypeCalls {
    const char * (*get_name)(ggml_backend_buffer_type_t);
    ggml_backend_buffer_t (*alloc_buffer)(ggml_backend_buffer_type_t, size_t);
    size_t (*get_alignment)(ggml_backend_buffer_type_t);
    size_t (*get_max_size)(ggml_backend_buffer_type_t);
    size_t (*get_alloc_size)(ggml_backend_buffer_type_t, const ggml_tensor *);
    bool (*is_host)(ggml_backend_buffer_type_t);
};

struct BufferType {
    BufferTypeCalls    calls;
    ggml_backend_dev_t device;
    void *             context;
};

struct BufferCalls {
    void (*free_buffer)(ggml_backend_buffer_t);
    void * (*get_base)(ggml_backend_buffer_t);
    ggml_status (*init_tensor)(ggml_backend_buffer_t, ggml_tensor *);
    void (*memset_tensor)(ggml_backend_buffer_t, ggml_tensor *, uint8_t, size_t, size_t);
    void (*set_tensor)(ggml_backend_buffer_t, ggml_tensor *, const void *, size_t, size_t);
    void (*get_tensor)(ggml_backend_buffer_t, const ggml_tensor *, void *, size_t, size_t);
    void (*set_tensor_2d)(ggml_backend_buffer_t, ggml_tensor *, const void *, size_t, size_t, size_t, size_t, size_t);
    void (*get_tensor_2d)(ggml_backend_buffer_t, const ggml_tensor *, void *, size_t, size_t, size_t, size_t, size_t);
    bool (*cpy_tensor)(ggml_backend_buffer_t, const ggml_tensor *, ggml_tensor *);
    void (*clear)(ggml_backend_buffer_t, uint8_t);
    void (*reset)(ggml_backend_buffer_t);
};

struct Buffer {
    BufferCalls                calls;
    ggml_backend_buffer_type_t type;
    void *                     context;
    size_t                     size;
    ggml_backend_buffer_usage  usage;
};

// From ggml-cpu/ggml-cpu-impl.h: one thread's view of an operation that is being computed.
struct ComputeParams {
    int               thread;
    int               threads;
    size_t            work_size;
    void *            work;
    ggml_threadpool * pool;
    bool              use_ref;
};

// From ggml-cpu/traits.h: virtual functions in this order, the destructor first.
class TensorTraits {
  public:
    virtual ~TensorTraits() {}
    virtual bool work_size(int threads, const ggml_tensor * op, size_t & size)  = 0;
    virtual bool compute_forward(ComputeParams * params, ggml_tensor * op) = 0;
};

class ExtraBufferType {
  public:
    virtual ~ExtraBufferType() {}
    virtual bool           supports_op(ggml_backend_dev_t device, const ggml_tensor * op) = 0;
    virtual TensorTraits * get_tensor_traits(const ggml_tensor * op)                      = 0;
};

}  // namespace sampo::kernels
