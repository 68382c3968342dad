#include "plugin.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include "ggml-cpp.h"
#include "multiplication.h"
#include "pages.h"

namespace sampo::kernels {

namespace {

using ExtraBufferTypes = std::vector<ggml_backend_buffer_type_t>;

// Functions that ggml's libraries export without a header.
struct Ggml {
    ExtraBufferTypes & (*extra_buffer_types)();
    void (*barrier)(ggml_threadpool *);
    ggml_backend_buffer_t (*buffer_init)(ggml_backend_buffer_type_t, BufferCalls, void *, size_t);
} ggml;

// The library whose name contains the part and that has the symbol.
template <typename Function> bool find(const char * part, const char * symbol, Function & into) {
    struct Search {
        const char * part;
        const char * symbol;
        void *       found;
    } search = { part, symbol, nullptr };
    dl_iterate_phdr(
        [](dl_phdr_info * library, size_t, void * data) -> int {
            auto & search = *(Search *) data;
            if (std::strstr(library->dlpi_name, search.part)) {
                if (void * handle = dlopen(library->dlpi_name, RTLD_NOW | RTLD_NOLOAD)) {
                    search.found = dlsym(handle, search.symbol);
                    dlclose(handle);
                }
            }
            return search.found != nullptr;
        },
        &search);
    into = (Function) search.found;
    return search.found != nullptr;
}

// The variant of the models that this thread loads, and what they have got.
thread_local const Variant * wanted = nullptr;
thread_local Taken *         tally  = nullptr;

// --- buffers

struct Pages {
    void * memory;
    size_t bytes;
};

const Pages & pages_of(ggml_backend_buffer_t buffer) {
    return *(const Pages *) ((Buffer *) buffer)->context;
}

void free_buffer(ggml_backend_buffer_t buffer) {
    auto * pages = (Pages *) ((Buffer *) buffer)->context;
    unmap_pages(pages->memory, pages->bytes);
    delete pages;
}

void * base(ggml_backend_buffer_t buffer) {
    return pages_of(buffer).memory;
}

void clear(ggml_backend_buffer_t buffer, uint8_t value) {
    std::memset(pages_of(buffer).memory, value, pages_of(buffer).bytes);
}

void fill(ggml_backend_buffer_t, ggml_tensor * tensor, uint8_t value, size_t offset, size_t size) {
    std::memset((char *) tensor->data + offset, value, size);
}

void pack_part(const ggml_tensor * tensor, const void * data, int part, int parts) {
    const Format  format = *format_of(tensor->type);
    const int64_t panels = panels_of(tensor->ne[1]);
    const int64_t all    = panels * tensor->ne[2];
    for (int64_t at = all * part / parts; at < all * (part + 1) / parts; at++) {
        const int64_t matrix = at / panels;
        pack(format, (const char *) data + matrix * tensor->nb[2], tensor->ne[1], tensor->ne[0], at % panels, at % panels + 1,
             (char *) tensor->data + matrix * packed_bytes(format, tensor->ne[1], tensor->ne[0]));
    }
}

// Weights come whole, as they stand in the file.
void set(ggml_backend_buffer_t, ggml_tensor * tensor, const void * data, size_t offset, size_t size) {
    GGML_ASSERT(offset == 0 && size == ggml_nbytes(tensor));
    const int parts = (int) std::clamp<int64_t>((int64_t) (size >> 20), 1, std::clamp(std::thread::hardware_concurrency(), 1u, 16u));
    std::vector<std::thread> others;
    for (int part = 1; part < parts; part++) {
        others.emplace_back(pack_part, tensor, data, part, parts);
    }
    pack_part(tensor, data, 0, parts);
    for (auto & other : others) {
        other.join();
    }
    give_back(data, size);
    if (tally) {
        tally->matrices++;
        tally->file_bytes += (int64_t) size;
        tally->packed_bytes += (int64_t) packed_bytes(tensor);
    }
}

ggml_backend_buffer_t alloc_buffer(ggml_backend_buffer_type_t type, size_t size) {
    void * memory = map_pages(size);
    if (!memory) {
        return nullptr;
    }
    BufferCalls calls   = {};
    calls.free_buffer   = free_buffer;
    calls.get_base      = base;
    calls.clear         = clear;
    calls.memset_tensor = fill;
    calls.set_tensor    = set;
    return ggml.buffer_init(type, calls, new Pages{ memory, size }, size);
}

size_t alignment(ggml_backend_buffer_type_t) {
    return 64;
}

size_t alloc_size(ggml_backend_buffer_type_t, const ggml_tensor * tensor) {
    return can_pack(tensor) ? packed_bytes(tensor) : ggml_nbytes(tensor);
}

// --- what the CPU backend asks

// One variant as a buffer type of the CPU backend.
class Offer : public ExtraBufferType, public TensorTraits {
  public:
    Offer(const Variant & variant, ggml_backend_dev_t cpu) : variant(variant), name(std::string("SAMPO_") + variant.name) {
        type         = {};
        type.device  = cpu;
        type.context = (ExtraBufferType *) this;
        type.calls   = { [](ggml_backend_buffer_type_t type) { return of(type).name.c_str(); }, alloc_buffer, alignment, nullptr, alloc_size, nullptr };
    }

    ggml_backend_buffer_type_t as_type() { return (ggml_backend_buffer_type_t) &type; }

    // Of an operation of a loaded model, or of one that llama.cpp makes up while it loads, to see where weights may go: then the buffer
    // has no size.
    bool supports_op(ggml_backend_dev_t, const ggml_tensor * op) override {
        if (!is_ours(op) || !can_multiply(op)) {
            return false;
        }
        const bool loading = ggml_backend_buffer_get_size(op->src[0]->buffer) == 0;
        const auto host    = [](const ggml_tensor * tensor) {
            return !tensor || !tensor->buffer || ggml_backend_buft_is_host(ggml_backend_buffer_get_type(tensor->buffer));
        };
        return (!loading || wanted == &variant) && host(op->src[1]) && host(op->src[2]);
    }

    TensorTraits * get_tensor_traits(const ggml_tensor * op) override { return is_ours(op) ? this : nullptr; }

    bool work_size(int, const ggml_tensor * op, size_t & size) override {
        if (!can_multiply(op)) {
            return false;
        }
        size = work_bytes(op);
        return true;
    }

    bool compute_forward(ComputeParams * params, ggml_tensor * op) override {
        if (!can_multiply(op)) {
            return false;
        }
        GGML_ASSERT(params->thread >= 0 && params->thread < params->threads && params->work_size >= work_bytes(op));
        multiply(variant, *params, ggml.barrier, op);
        return true;
    }

    const Variant & variant;

  private:
    static Offer & of(ggml_backend_buffer_type_t type) { return *(Offer *) (ExtraBufferType *) ((BufferType *) type)->context; }

    bool is_ours(const ggml_tensor * op) {
        const bool product = op->op == GGML_OP_MUL_MAT || op->op == GGML_OP_MUL_MAT_ID;
        return product && op->src[0]->buffer && ggml_backend_buffer_get_type(op->src[0]->buffer) == as_type();
    }

    const std::string name;
    BufferType        type;
};

// --- probing

// Whether our declarations of buffer types and buffers fit what ggml says of one of its own.
bool layouts_fit() {
    ggml_backend_buffer_type_t type   = ggml_backend_cpu_buffer_type();
    const auto &               ours   = *(const BufferType *) type;
    ggml_backend_buffer_ptr    buffer(ggml_backend_buft_alloc_buffer(type, 4096));
    if (!buffer || ours.calls.get_name(type) != ggml_backend_buft_name(type) || ours.device != ggml_backend_buft_get_device(type) ||
        ours.calls.get_alignment(type) != ggml_backend_buft_get_alignment(type) || !ours.calls.is_host(type)) {
        return false;
    }
    const auto & inside = *(const Buffer *) buffer.get();
    return inside.type == type && inside.size == ggml_backend_buffer_get_size(buffer.get()) &&
           inside.usage == ggml_backend_buffer_get_usage(buffer.get()) &&
           inside.calls.get_base(buffer.get()) == ggml_backend_buffer_get_base(buffer.get());
}

constexpr ggml_type TYPES[] = { GGML_TYPE_Q4_0, GGML_TYPE_Q8_0, GGML_TYPE_Q4_K, GGML_TYPE_Q5_K, GGML_TYPE_Q6_K };

// Multiplies a small matrix through ggml and compares with the same in double precision.
bool multiplies(Offer & offer, ggml_backend_t cpu, ggml_type type) {
    constexpr int64_t  COLUMNS = 512, ROWS = 35, TOKENS = 4;
    std::vector<float> values(COLUMNS * ROWS), activations(COLUMNS * TOKENS), found(ROWS * TOKENS);
    for (size_t i = 0; i < values.size(); i++) {
        values[i] = std::sin(0.7f * (float) i) * std::cos(0.013f * (float) i);
    }
    for (size_t i = 0; i < activations.size(); i++) {
        activations[i] = std::sin(0.3f * (float) i + 1);
    }
    std::vector<uint8_t> file(ggml_row_size(type, COLUMNS) * ROWS);
    ggml_quantize_chunk(type, values.data(), file.data(), 0, ROWS, COLUMNS, nullptr);
    ggml_get_type_traits(type)->to_float(file.data(), values.data(), COLUMNS * ROWS);

    const ggml_init_params params = { ggml_tensor_overhead() * 8 + ggml_graph_overhead(), nullptr, true };
    const ggml_context_ptr for_weights(ggml_init(params)), for_others(ggml_init(params));
    ggml_tensor *          w = ggml_new_tensor_2d(for_weights.get(), type, COLUMNS, ROWS);
    ggml_tensor *          x = ggml_new_tensor_2d(for_others.get(), GGML_TYPE_F32, COLUMNS, TOKENS);
    ggml_tensor *          y = ggml_mul_mat(for_others.get(), w, x);
    const ggml_backend_buffer_ptr weights(ggml_backend_alloc_ctx_tensors_from_buft(for_weights.get(), offer.as_type()));
    const ggml_backend_buffer_ptr others(ggml_backend_alloc_ctx_tensors(for_others.get(), cpu));
    if (!weights || !others || !ggml_backend_supports_op(cpu, y)) {
        return false;
    }
    ggml_backend_tensor_set(w, file.data(), 0, file.size());
    ggml_backend_tensor_set(x, activations.data(), 0, activations.size() * sizeof(float));
    ggml_cgraph * graph = ggml_new_graph_custom(for_others.get(), 8, false);
    ggml_build_forward_expand(graph, y);
    if (ggml_backend_graph_compute(cpu, graph) != GGML_STATUS_SUCCESS) {
        return false;
    }
    ggml_backend_tensor_get(y, found.data(), 0, found.size() * sizeof(float));

    double error = 0, size = 0;
    for (int64_t i = 0; i < ROWS * TOKENS; i++) {
        double exact = 0;
        for (int64_t k = 0; k < COLUMNS; k++) {
            exact += (double) values[i % ROWS * COLUMNS + k] * activations[i / ROWS * COLUMNS + k];
        }
        error += (found[i] - exact) * (found[i] - exact);
        size += exact * exact;
    }
    // Written so that NaN fails. With activations of eight bits a fiftieth is left, where sums are small beside their parts.
    return error <= 2e-3 * size;
}

bool passes(Offer & offer) {
    ggml_backend_dev_t     device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    const ggml_backend_ptr cpu(ggml_backend_dev_init(device, nullptr));
    const auto             set_threads =
        (ggml_backend_set_n_threads_t) ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(device), "ggml_backend_set_n_threads");
    if (!cpu || !set_threads) {
        return false;
    }
    set_threads(cpu.get(), 2);
    return std::all_of(std::begin(TYPES), std::end(TYPES), [&](ggml_type type) { return multiplies(offer, cpu.get(), type); });
}

// --- plugging in

std::vector<std::unique_ptr<Offer>> offers;

// Empty where all is well.
std::string trouble_with_ggml() {
    if (std::strcmp(ggml_version(), GGML_VERSION) != 0) {
        return std::string("they are made for ggml ") + GGML_VERSION + ", this is " + ggml_version();
    }
    if (!find("libggml-cpu", "_Z39ggml_backend_cpu_get_extra_buffer_typesv", ggml.extra_buffer_types) ||
        !find("libggml-cpu", "ggml_barrier", ggml.barrier) || !find("libggml-base", "ggml_backend_buffer_init", ggml.buffer_init)) {
        return "ggml's CPU backend does not export what they need";
    }
    return layouts_fit() ? "" : "ggml's buffers are laid out in another way";
}

std::string offer_all() {
    ggml_backend_dev_t cpu   = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    ExtraBufferTypes & types = ggml.extra_buffer_types();
    const bool         amx   = std::any_of(types.begin(), types.end(), [](ggml_backend_buffer_type_t type) {
        return std::strcmp(ggml_backend_buft_name(type), "AMX") == 0;
    });
    if (amx) {
        return "ggml multiplies with AMX here";
    }
    std::string failed;
    for (const Variant * variant : variants()) {
        if (!variant->runs_here()) {
            continue;
        }
        auto offer = std::make_unique<Offer>(*variant, cpu);
        types.insert(types.begin(), offer->as_type());
        if (!passes(*offer)) {
            types.erase(types.begin());
            failed = std::string("a trial multiplication with ") + variant->name + " came out wrong";
            continue;
        }
        offers.push_back(std::move(offer));
    }
    return !offers.empty() ? "" : !failed.empty() ? failed : "this processor has none of the instructions they need (AVX2 at least)";
}

PlugIn state;

const Variant * variant_named(const std::string & name) {
    for (const auto & offer : offers) {
        if (name == "auto" || name == offer->variant.name) {
            return &offer->variant;
        }
    }
    return nullptr;
}

}  // namespace

void plug_in() {
    static std::once_flag once;
    std::call_once(once, [] {
        state.trouble = trouble_with_ggml();
        if (state.trouble.empty()) {
            state.trouble = offer_all();
        }
        for (const auto & offer : offers) {
            state.variants.push_back(offer->variant.name);
        }
    });
}

const PlugIn & plugged_in() {
    return state;
}

Loading::Loading(const std::string & kernels) {
    wanted      = variant_named(kernels);
    tally       = &sum;
    sum.variant = wanted ? wanted->name : "";
}

Loading::~Loading() {
    wanted = nullptr;
    tally  = nullptr;
}

}  // namespace sampo::kernels
