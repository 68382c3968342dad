// Our multiplication through ggml's own graph: every format, variant and kind of shape beside the same in double precision and beside
// ggml's own kernels, on fresh random data; the seed is printed, and SAMPO_SEED repeats a run.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>

#include "exercise.h"
#include "ggml-cpp.h"
#include "kernels/plugin.h"
#include "model.h"

namespace sampo {

namespace {

const ggml_type TYPES[] = { GGML_TYPE_Q4_0, GGML_TYPE_Q8_0, GGML_TYPE_Q4_K, GGML_TYPE_Q5_K, GGML_TYPE_Q6_K };

std::mt19937 fresh;

float normal() {
    return std::normal_distribution<float>()(fresh);
}

int below(int end) {
    return (int) (fresh() % (unsigned) end);
}

ggml_backend_dev_t cpu_device() {
    return ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
}

std::vector<ggml_backend_buffer_type_t> extra_types() {
    const auto get = (ggml_backend_dev_get_extra_bufts_t) ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(cpu_device()),
                                                                                           "ggml_backend_dev_get_extra_bufts");
    std::vector<ggml_backend_buffer_type_t> types;
    for (auto * type = get(cpu_device()); *type; type++) {
        types.push_back(*type);
    }
    return types;
}

struct Weights {
    ggml_type            type;
    int64_t              columns;
    int64_t              rows;
    int64_t              experts;
    std::vector<uint8_t> file;
    std::vector<float>   exact;  // of the quantized ones

    Weights(ggml_type type, int64_t columns, int64_t rows, int64_t experts, float size) : type(type), columns(columns), rows(rows), experts(experts) {
        exact.resize(columns * rows * experts);
        for (auto & value : exact) {
            value = size * normal();
        }
        file.resize(ggml_row_size(type, columns) * rows * experts);
        ggml_quantize_chunk(type, exact.data(), file.data(), 0, rows * experts, columns, nullptr);
        ggml_get_type_traits(type)->to_float(file.data(), exact.data(), (int64_t) exact.size());
    }
};

// Activations of tokens; with experts, of used slots for each token, or one row for all of them. Rows lie stride floats apart.
struct Activations {
    int64_t              columns;
    int64_t              slots;
    int64_t              tokens;
    int64_t              used;
    int64_t              stride;
    std::vector<float>   values;
    std::vector<int32_t> ids;

    Activations(const Weights & weights, int64_t tokens, int64_t used, bool shared) : columns(weights.columns), tokens(tokens), used(used) {
        slots  = shared ? 1 : std::max<int64_t>(used, 1);
        stride = columns + (below(3) == 0 ? 4 * below(5) : 0);
        values.resize(stride * slots * tokens);
        for (auto & value : values) {
            value = normal();
        }
        for (int64_t token = 0; token < tokens && used > 0; token++) {
            std::vector<int32_t> all(weights.experts);
            for (size_t i = 0; i < all.size(); i++) {
                all[i] = (int32_t) i;
            }
            std::shuffle(all.begin(), all.end(), fresh);
            ids.insert(ids.end(), all.begin(), all.begin() + used);
        }
    }

    int64_t outputs() const { return tokens * std::max<int64_t>(used, 1); }

    const float * row(int64_t output) const {
        return used == 0 ? &values[output * stride] : &values[(output / used * slots + output % used % slots) * stride];
    }

    int64_t expert(int64_t output) const { return used == 0 ? 0 : ids[output]; }
};

// The product as the buffer type's kernels have it, with so many threads; empty where it takes no such weights.
std::vector<float> product(ggml_backend_buffer_type_t type, const Weights & weights, const Activations & from, int threads) {
    const ggml_init_params params = { ggml_tensor_overhead() * 16 + ggml_graph_overhead(), nullptr, true };
    const ggml_context_ptr mine(ggml_init(params)), others(ggml_init(params));
    ggml_tensor *          w     = ggml_new_tensor_3d(mine.get(), weights.type, weights.columns, weights.rows, weights.experts);
    ggml_tensor *          whole = ggml_new_tensor_3d(others.get(), GGML_TYPE_F32, from.stride, from.slots, from.tokens);
    ggml_tensor *          ids   = ggml_new_tensor_2d(others.get(), GGML_TYPE_I32, std::max<int64_t>(from.used, 1), from.tokens);
    // Tokens that do not follow each other, and some of them as a third dimension.
    ggml_tensor * x = ggml_view_3d(others.get(), whole, from.columns, from.used ? from.slots : from.tokens, from.used ? from.tokens : 1,
                                   whole->nb[1], from.used ? whole->nb[2] : whole->nb[1] * from.tokens, 0);
    if (!from.used && from.tokens % 3 == 0) {
        x = ggml_view_3d(others.get(), whole, from.columns, from.tokens / 3, 3, whole->nb[1], whole->nb[1] * (from.tokens / 3), 0);
    }
    ggml_tensor *                 y = from.used ? ggml_mul_mat_id(others.get(), w, x, ids) : ggml_mul_mat(others.get(), w, x);
    const ggml_backend_ptr        cpu(ggml_backend_dev_init(cpu_device(), nullptr));
    const ggml_backend_buffer_ptr in_type(ggml_backend_alloc_ctx_tensors_from_buft(mine.get(), type));
    const ggml_backend_buffer_ptr beside(ggml_backend_alloc_ctx_tensors(others.get(), cpu.get()));
    const auto                    set_threads =
        (ggml_backend_set_n_threads_t) ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(cpu_device()), "ggml_backend_set_n_threads");
    set_threads(cpu.get(), threads);
    if (!in_type || !ggml_backend_supports_op(cpu.get(), y)) {
        return {};
    }
    ggml_backend_tensor_set(w, weights.file.data(), 0, weights.file.size());
    ggml_backend_tensor_set(whole, from.values.data(), 0, from.values.size() * sizeof(float));
    if (from.used) {
        ggml_backend_tensor_set(ids, from.ids.data(), 0, from.ids.size() * sizeof(int32_t));
    }
    ggml_cgraph * graph = ggml_new_graph_custom(others.get(), 16, false);
    ggml_build_forward_expand(graph, y);
    CHECK(ggml_backend_graph_compute(cpu.get(), graph) == GGML_STATUS_SUCCESS);
    std::vector<float> found(weights.rows * from.outputs());
    ggml_backend_tensor_get(y, found.data(), 0, found.size() * sizeof(float));
    return found;
}

// Squares of errors against double precision, and of the exact values.
struct Errors {
    double of_errors = 0;
    double of_values = 0;

    void add(const Weights & weights, const Activations & from, const std::vector<float> & found) {
        for (int64_t output = 0; output < from.outputs(); output++) {
            const float * w = &weights.exact[from.expert(output) * weights.rows * weights.columns];
            for (int64_t row = 0; row < weights.rows; row++, w += weights.columns) {
                double exact = 0;
                for (int64_t k = 0; k < weights.columns; k++) {
                    exact += (double) w[k] * from.row(output)[k];
                }
                const double error = found[output * weights.rows + row] - exact;
                of_errors += error * error;
                of_values += exact * exact;
            }
        }
    }

    double relative() const { return std::sqrt(of_errors / of_values); }
};

bool same(const std::vector<float> & one, const std::vector<float> & other) {
    return one.size() == other.size() && std::memcmp(one.data(), other.data(), one.size() * sizeof(float)) == 0;
}

std::vector<ggml_backend_buffer_type_t> our_types() {
    std::vector<ggml_backend_buffer_type_t> ours;
    for (auto * type : extra_types()) {
        if (std::strncmp(ggml_backend_buft_name(type), "SAMPO_", 6) == 0) {
            ours.push_back(type);
        }
    }
    return ours;
}

// Errors are those of ggml, results the same with any number of threads and whatever tokens are beside.
void exercise_products(ggml_type type, const std::vector<int> & token_counts, const std::function<Weights()> & any, int used) {
    const auto          ours = our_types();
    std::vector<Errors> errors(ours.size());
    Errors              of_ggml;
    for (const int tokens : token_counts) {
        const Weights     weights = any();
        const Activations from(weights, tokens, used, used > 0 && below(2) == 0);
        of_ggml.add(weights, from, product(ggml_backend_cpu_buffer_type(), weights, from, 1));
        for (size_t i = 0; i < ours.size(); i++) {
            const auto found = product(ours[i], weights, from, 1 + below(4));
            errors[i].add(weights, from, found);
            CHECK(same(found, product(ours[i], weights, from, 1)));
            if (used == 0) {
                const int         at    = below(tokens);
                Activations       alone = Activations(weights, 1, 0, false);
                alone.values.assign(from.row(at), from.row(at) + from.columns);
                alone.stride = from.columns;
                const std::vector<float> row(&found[at * weights.rows], &found[at * weights.rows] + weights.rows);
                CHECK(same(row, product(ours[i], weights, alone, 2)));
            }
        }
    }
    for (size_t i = 0; i < ours.size(); i++) {
        printf("kernels: %s %s%s: error %.3e, ggml %.3e\n", ggml_backend_buft_name(ours[i]), ggml_type_name(type), used ? " experts" : "",
               errors[i].relative(), of_ggml.relative());
        CHECK(errors[i].relative() <= 1.01 * of_ggml.relative());
    }
}

int64_t any_columns(ggml_type type) {
    const int64_t block = ggml_blck_size(type);
    return block * (1 + below((int) (1280 / block)));
}

std::vector<int> counts(std::initializer_list<int> more) {
    std::vector<int> all = more;
    for (int n = 1; n <= 33; n++) {
        all.push_back(n);
    }
    return all;
}

// What no number can be made of stays with its token; zeros give zeros, and what is too small for a float's reciprocal does as well.
void exercise_odd_numbers(ggml_type type) {
    const Weights weights(type, 512, 70, 1, 0.02f);
    for (auto * ours : our_types()) {
        Activations from(weights, 8, 0, false);
        const auto  before = product(ours, weights, from, 2);
        const auto  row    = [&](int token) { return from.values.data() + token * from.stride; };
        row(0)[below(512)] = NAN;
        row(1)[below(512)] = INFINITY;
        row(2)[below(512)] = -INFINITY;
        std::fill_n(row(3), 512, 0.0f);
        std::fill_n(row(4), 512, 1e-42f);
        for (int k = 0; k < 512; k++) {
            row(5)[k] *= 1e30f;
            row(6)[k] *= 1e-30f;
        }
        const auto after = product(ours, weights, from, 2);
        for (int64_t i = 0; i < weights.rows; i++) {
            for (int token = 0; token < 3; token++) {
                CHECK(std::isnan(after[token * weights.rows + i]));
            }
            CHECK(after[3 * weights.rows + i] == 0);
            CHECK(std::fabs(after[4 * weights.rows + i]) < 1e-36f);
            CHECK(std::isfinite(after[5 * weights.rows + i]) && std::isfinite(after[6 * weights.rows + i]));
            CHECK(after[7 * weights.rows + i] == before[7 * weights.rows + i]);
        }
        Errors large, small;
        for (auto [token, errors] : { std::pair<int, Errors *>(5, &large), std::pair<int, Errors *>(6, &small) }) {
            Activations alone(weights, 1, 0, false);
            alone.values.assign(row(token), row(token) + 512);
            errors->add(weights, alone, std::vector<float>(&after[token * weights.rows], &after[token * weights.rows] + weights.rows));
            CHECK(errors->relative() < 0.02);
        }
    }
    // Scales of weights that are no numbers, or too small for normal ones, as any file may have them.
    Weights broken(type, 512, 64, 1, 1e-7f);
    for (int i = 0; i < 40; i++) {
        broken.file[fresh() % broken.file.size()] = (uint8_t) fresh();
    }
    const Activations from(broken, 7, 0, false);
    for (auto * ours : our_types()) {
        CHECK(product(ours, broken, from, 2).size() == 7u * 64);
    }
}

size_t mapped_bytes() {
    size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * 4096;
}

// A model of every format loads with and without the kernels in one process, again and again, and leaves nothing behind.
void exercise_loading(const std::string & path, const std::string & folder) {
    const std::string quantized = folder + "/quantized.gguf";
    for (const char * type : { "Q4_0", "Q8_0", "Q4_K_M", "Q5_K_M", "Q6_K" }) {
        quantize(path, quantized, type, 1);
        const Model stock(quantized, { false, 0, {} });
        CHECK(stock.taken().matrices == 0 && stock.taken().variant.empty());
        for (const auto & variant : kernels::plugged_in().variants) {
            const Model model(quantized, { false, 0, {}, variant });
            CHECK(model.taken().matrices > 0 && model.taken().variant == variant);
            CHECK(model.taken().packed_bytes > 0 && model.taken().packed_bytes < 1.2 * model.taken().file_bytes);
            exercise_steps(model);
        }
    }
    size_t after_some = 0;
    for (int round = 0; round < 100; round++) {
        const Model model(quantized, { false, 0, {}, "auto" });
        CHECK(model.taken().matrices > 0);
        if (round == 20) {
            after_some = mapped_bytes();
        }
    }
    const size_t packed = (size_t) Model(quantized, { false, 0, {}, "auto" }).taken().packed_bytes;
    CHECK(mapped_bytes() < after_some + 20 * packed);
}

}  // namespace

void exercise_kernels(const std::string & path, const std::string & folder) {
    const kernels::PlugIn & plugged = kernels::plugged_in();
    if (plugged.variants.empty()) {
        printf("kernels: none, because %s\n", plugged.trouble.c_str());
        return;
    }
    const char *   given = std::getenv("SAMPO_SEED");
    const unsigned seed  = given ? (unsigned) std::strtoul(given, nullptr, 10) : std::random_device()();
    printf("kernels: SAMPO_SEED=%u\n", seed);
    fresh.seed(seed);
    for (const ggml_type type : TYPES) {
        const auto any_rows = [&] { return Weights(type, any_columns(type), 1 + below(150), 1, 0.02f); };
        exercise_products(type, counts({ 64 }), any_rows, 0);
        exercise_products(type, { 512 }, [&] { return Weights(type, 512, 96, 1, 0.02f); }, 0);
        exercise_products(type, counts({ 64 }), [&] { return Weights(type, any_columns(type), 1 + below(60), 6, 0.02f); }, 2);
        exercise_odd_numbers(type);
    }
    exercise_loading(path, folder);
}

}  // namespace sampo
