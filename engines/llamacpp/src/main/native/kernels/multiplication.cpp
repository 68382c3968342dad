#include "multiplication.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>

namespace sampo::kernels {

namespace {

// Activations that go through a panel before the next panel does: they should stay in a core's own cache.
constexpr int64_t CACHED_BYTES = 512 << 10;

// Pieces of work for each thread, so that one that is held up leaves the rest to the others.
constexpr int64_t PIECES = 4;

constexpr size_t LINE = 64;

size_t lines(size_t bytes) {
    return (bytes + LINE - 1) / LINE * LINE;
}

int64_t rows_of(const ggml_tensor * op) {
    return op->ne[1] * op->ne[2] * op->ne[3];
}

const float * from_row(const ggml_tensor * x, int64_t i1, int64_t i2, int64_t i3) {
    return (const float *) ((const char *) x->data + i1 * x->nb[1] + i2 * x->nb[2] + i3 * x->nb[3]);
}

float * to_row(const ggml_tensor * y, int64_t i1, int64_t i2, int64_t i3) {
    return (float *) ((char *) y->data + i1 * y->nb[1] + i2 * y->nb[2] + i3 * y->nb[3]);
}

// Where the threads' common memory of one multiplication holds what: the next piece to take | for experts, where each one's rows begin,
// and all rows by expert | activations.
struct Work {
    std::atomic<int64_t> * next;
    int64_t *              begins;
    int64_t *              order;
    uint8_t *              activations;

    static size_t bytes_before(int64_t experts, int64_t rows) {
        return LINE + (experts == 0 ? 0 : lines(sizeof(int64_t) * (experts + 1 + rows)));
    }

    Work(void * memory, int64_t experts, int64_t rows) {
        auto * base = (uint8_t *) lines((size_t) memory);
        next        = (std::atomic<int64_t> *) base;
        begins      = (int64_t *) (base + LINE);
        order       = begins + experts + 1;
        activations = base + bytes_before(experts, rows);
    }
};

// One multiplication as one of its threads sees it. Rows are those of activations and results; where there are experts, they are taken
// expert by expert.
class Multiplication {
  public:
    Multiplication(const Variant & variant, const ComputeParams & params, ggml_tensor * op)
        : variant(variant),
          params(params),
          op(op),
          weights(op->src[0]),
          x(op->src[1]),
          ids(op->op == GGML_OP_MUL_MAT_ID ? op->src[2] : nullptr),
          format(*format_of(weights->type)),
          shape(shape_of(format)),
          supers(weights->ne[0] / shape.super),
          experts(ids ? weights->ne[2] : 0),
          work(params.work, experts, rows_of(op)) {}

    // For thread 0, before the others begin.
    void sort_by_expert() {
        std::fill_n(work.begins, experts + 1, 0);
        for (int64_t i = 0; i < rows_of(op); i++) {
            work.begins[expert(i) + 1]++;
        }
        for (int64_t e = 0; e < experts; e++) {
            work.begins[e + 1] += work.begins[e];
        }
        // Each expert's beginning moves on as its rows are put in place, to where the next one's was.
        for (int64_t i = 0; i < rows_of(op); i++) {
            work.order[work.begins[expert(i)]++] = i;
        }
        for (int64_t e = experts; e > 0; e--) {
            work.begins[e] = work.begins[e - 1];
        }
        work.begins[0] = 0;
    }

    void reset() { new (work.next) std::atomic<int64_t>(0); }

    // This thread's part of the activations.
    void quantize() {
        int64_t piece = 0;
        for_each_group([&](int64_t, int64_t begin, int64_t rows) {
            const int64_t tiles = tiles_of(rows);
            // Few tiles are cut across, so that all threads have their part.
            const int64_t parts = std::min<int64_t>(supers, tiles < params.threads ? params.threads : 1);
            for (int64_t i = 0; i < tiles * parts; i++, piece++) {
                if (piece % params.threads == params.thread) {
                    const int64_t tile = i / parts;
                    const int64_t part = i % parts;
                    const Tile    t    = tile_of(begin, rows, tile);
                    const float * from[MOST_TILE_TOKENS];
                    for (int k = 0; k < t.tokens; k++) {
                        from[k] = source(t.first + k);
                    }
                    variant.quantize[(int) format](from, t.tokens, supers * part / parts, supers * (part + 1) / parts, activations(t));
                }
            }
        });
    }

    // Pieces of the result, one after the other, until none is left.
    void multiply() {
        const int64_t panels = panels_of(weights->ne[1]);
        const int64_t cuts   = std::min(panels, PIECES * params.threads);
        int64_t       piece  = 0;
        int64_t       mine   = work.next->fetch_add(1, std::memory_order_relaxed);
        for_each_group([&](int64_t expert, int64_t begin, int64_t rows) {
            const int64_t tiles      = tiles_of(rows);
            const int64_t tile_bytes = supers * shape.activation_bytes() * variant.tile_tokens;
            const int64_t chunks     = std::min(tiles, (tiles * tile_bytes + CACHED_BYTES - 1) / CACHED_BYTES);
            for (int64_t i = 0; i < chunks * cuts; i++, piece++) {
                if (piece == mine) {
                    const int64_t chunk = i / cuts;
                    const int64_t cut   = i % cuts;
                    for (int64_t panel = panels * cut / cuts; panel < panels * (cut + 1) / cuts; panel++) {
                        for (int64_t tile = tiles * chunk / chunks; tile < tiles * (chunk + 1) / chunks; tile++) {
                            multiply(expert, panel, tile_of(begin, rows, tile));
                        }
                    }
                    mine = work.next->fetch_add(1, std::memory_order_relaxed);
                }
            }
        });
    }

  private:
    struct Tile {
        int64_t first;
        int     tokens;
    };

    template <typename Body> void for_each_group(Body body) const {
        if (!ids) {
            body(0, 0, rows_of(op));
            return;
        }
        for (int64_t e = 0; e < experts; e++) {
            if (work.begins[e + 1] > work.begins[e]) {
                body(e, work.begins[e], work.begins[e + 1] - work.begins[e]);
            }
        }
    }

    int64_t tiles_of(int64_t rows) const { return (rows + variant.tile_tokens - 1) / variant.tile_tokens; }

    // Tiles differ by one token at most.
    Tile tile_of(int64_t begin, int64_t rows, int64_t tile) const {
        const int64_t tiles = tiles_of(rows);
        const int64_t from  = rows * tile / tiles;
        return { begin + from, (int) (rows * (tile + 1) / tiles - from) };
    }

    uint8_t * activations(const Tile & tile) const { return work.activations + tile.first * supers * shape.activation_bytes(); }

    int32_t expert(int64_t i) const {
        const int64_t slot  = i % ids->ne[0];
        const int64_t token = i / ids->ne[0];
        const int32_t id    = *(const int32_t *) ((const char *) ids->data + token * ids->nb[1] + slot * ids->nb[0]);
        GGML_ASSERT(id >= 0 && id < experts);
        return id;
    }

    const float * source(int64_t at) const {
        if (ids) {
            const int64_t i = work.order[at];
            // One row of a token serves all its experts, or each has its own.
            return from_row(x, i % ids->ne[0] % x->ne[1], i / ids->ne[0], 0);
        }
        return from_row(x, at % x->ne[1], at / x->ne[1] % x->ne[2], at / x->ne[1] / x->ne[2]);
    }

    float * target(int64_t at) const {
        const int64_t i = ids ? work.order[at] : at;
        return to_row(op, i % op->ne[1], i / op->ne[1] % op->ne[2], i / op->ne[1] / op->ne[2]);
    }

    void multiply(int64_t expert, int64_t panel, const Tile & tile) const {
        const size_t    bytes = panel_bytes(format, weights->ne[0]);
        const uint8_t * from  = (const uint8_t *) weights->data + (expert * panels_of(weights->ne[1]) + panel) * bytes;
        const int64_t   row   = panel * PANEL_ROWS;
        const int64_t   rows  = std::min<int64_t>(PANEL_ROWS, weights->ne[1] - row);
        float           beside[MOST_TILE_TOKENS][PANEL_ROWS];
        float *         into[MOST_TILE_TOKENS];
        for (int t = 0; t < tile.tokens; t++) {
            into[t] = rows == PANEL_ROWS ? target(tile.first + t) + row : beside[t];
        }
        variant.multiply[(int) format][tile.tokens](from, activations(tile), supers, into);
        for (int t = 0; t < tile.tokens && rows < PANEL_ROWS; t++) {
            std::memcpy(target(tile.first + t) + row, beside[t], rows * sizeof(float));
        }
    }

    const Variant &       variant;
    const ComputeParams & params;
    ggml_tensor * const   op;
    const ggml_tensor *   weights;
    const ggml_tensor *   x;
    const ggml_tensor *   ids;
    const Format          format;
    const Shape           shape;
    const int64_t         supers;
    const int64_t         experts;  // 0: one matrix for all
    const Work            work;
};

}  // namespace

std::optional<Format> format_of(ggml_type type) {
    switch (type) {
        case GGML_TYPE_Q4_0: return Format::Q4_0;
        case GGML_TYPE_Q8_0: return Format::Q8_0;
        case GGML_TYPE_Q4_K: return Format::Q4_K;
        case GGML_TYPE_Q5_K: return Format::Q5_K;
        case GGML_TYPE_Q6_K: return Format::Q6_K;
        default: return std::nullopt;
    }
}

bool can_pack(const ggml_tensor * weights) {
    return format_of(weights->type) && weights->ne[3] == 1 && !weights->view_src && ggml_is_contiguous(weights);
}

size_t packed_bytes(const ggml_tensor * weights) {
    return weights->ne[2] * packed_bytes(*format_of(weights->type), weights->ne[1], weights->ne[0]);
}

bool can_multiply(const ggml_tensor * op) {
    const bool one     = op->op == GGML_OP_MUL_MAT && op->src[0]->ne[2] == 1;
    const bool experts = op->op == GGML_OP_MUL_MAT_ID && op->src[1]->ne[3] == 1;
    return (one || experts) && can_pack(op->src[0]) && op->type == GGML_TYPE_F32 && op->src[1]->type == GGML_TYPE_F32 &&
           op->src[1]->nb[0] == sizeof(float) && op->nb[0] == sizeof(float);
}

size_t work_bytes(const ggml_tensor * op) {
    const Shape   shape   = shape_of(*format_of(op->src[0]->type));
    const int64_t experts = op->op == GGML_OP_MUL_MAT_ID ? op->src[0]->ne[2] : 0;
    return LINE + Work::bytes_before(experts, rows_of(op)) + rows_of(op) * (op->src[0]->ne[0] / shape.super) * shape.activation_bytes();
}

void multiply(const Variant & variant, const ComputeParams & params, void (*barrier)(ggml_threadpool *), ggml_tensor * op) {
    Multiplication multiplication(variant, params, op);
    if (params.thread == 0) {
        multiplication.reset();
    }
    if (op->op == GGML_OP_MUL_MAT_ID) {
        if (params.thread == 0) {
            multiplication.sort_by_expert();
        }
        barrier(params.pool);
    }
    multiplication.quantize();
    barrier(params.pool);
    multiplication.multiply();
}

}  // namespace sampo::kernels
