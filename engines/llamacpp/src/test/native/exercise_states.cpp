// KV out of a context and into another: blocks that were copied out apart are merged and copied in at once.

#include <algorithm>
#include <cstring>
#include <vector>

#include "context.h"
#include "exercise.h"
#include "model.h"

namespace sampo {

namespace {

using Bytes = std::vector<uint8_t>;

// The rows of keys or of values of one layer.
struct Rows {
    int32_t  type;
    uint64_t bytes;  // of a row
    Bytes    rows;   // in the order of the cells
};

// A state as llama.cpp writes it; io.sampo.engines.llamacpp.StateFormat describes it.
struct State {
    int32_t              magic;
    int32_t              layers;
    std::vector<int32_t> positions;
    std::vector<Rows>    rows;
};

class Reader {
  public:
    Reader(const Bytes & state, size_t size) : state(state), size(size) {}

    template <typename Number> Number number() {
        Number value;
        std::memcpy(&value, take(sizeof(Number)), sizeof(Number));
        return value;
    }

    const uint8_t * take(size_t bytes) {
        CHECK(bytes <= size - at);
        at += bytes;
        return state.data() + at - bytes;
    }

    bool at_end() const { return at == size; }

  private:
    const Bytes & state;
    const size_t  size;
    size_t        at = 0;
};

State read(const Bytes & bytes, size_t size) {
    Reader reader(bytes, size);
    State  state;
    state.magic = reader.number<int32_t>();
    reader.number<int32_t>();
    CHECK(reader.number<int32_t>() == 1);
    state.positions.resize(reader.number<int32_t>());
    for (auto & position : state.positions) {
        position = reader.number<int32_t>();
        reader.take(sizeof(int32_t) * reader.number<int32_t>());
    }
    CHECK(reader.number<int32_t>() == 0);
    state.layers = reader.number<int32_t>();
    for (int run = 0; run < 2 * state.layers; run++) {
        Rows rows;
        rows.type                  = reader.number<int32_t>();
        rows.bytes                 = reader.number<uint64_t>();
        const size_t    length     = rows.bytes * state.positions.size();
        const uint8_t * begin      = reader.take(length);
        rows.rows.assign(begin, begin + length);
        state.rows.push_back(rows);
    }
    CHECK(reader.at_end());
    return state;
}

template <typename Number> void put(Bytes & into, Number value) {
    const auto * bytes = (const uint8_t *) &value;
    into.insert(into.end(), bytes, bytes + sizeof(Number));
}

// The bytes of several states, one after the other. llama.cpp writes no owner of cells whose number it does not choose tokens for,
// and wants one when it reads.
Bytes merged(const std::vector<State> & states) {
    Bytes   bytes;
    int32_t cells = 0;
    for (const auto & state : states) {
        cells += (int32_t) state.positions.size();
    }
    put<int32_t>(bytes, states[0].magic);
    put<int32_t>(bytes, 0);
    put<int32_t>(bytes, 1);
    put<int32_t>(bytes, cells);
    for (const auto & state : states) {
        for (const int32_t position : state.positions) {
            put<int32_t>(bytes, position);
            put<int32_t>(bytes, 1);
            put<int32_t>(bytes, 0);
        }
    }
    put<int32_t>(bytes, 0);
    put<int32_t>(bytes, states[0].layers);
    for (size_t run = 0; run < states[0].rows.size(); run++) {
        put<int32_t>(bytes, states[0].rows[run].type);
        put<uint64_t>(bytes, states[0].rows[run].bytes);
        for (const auto & state : states) {
            bytes.insert(bytes.end(), state.rows[run].rows.begin(), state.rows[run].rows.end());
        }
    }
    return bytes;
}

// The row of a position.
const uint8_t * row_of(const State & state, size_t run, int32_t position) {
    const auto found = std::find(state.positions.begin(), state.positions.end(), position);
    CHECK(found != state.positions.end());
    return state.rows[run].rows.data() + (found - state.positions.begin()) * state.rows[run].bytes;
}

bool same_rows(const State & one, const State & other) {
    for (const int32_t position : one.positions) {
        for (size_t run = 0; run < one.rows.size(); run++) {
            if (!std::equal(row_of(one, run, position), row_of(one, run, position) + one.rows[run].bytes, row_of(other, run, position))) {
                return false;
            }
        }
    }
    return one.positions.size() == other.positions.size();
}

constexpr int CARRIER = 255;

class States {
  public:
    States(const Model & model, const ContextSettings & settings) : context(model, settings), room(1 << 22) {}

    void compute(int sequence, llama_token token, int position) {
        context.columns.token[0]    = token;
        context.columns.position[0] = position;
        context.columns.sequence[0] = sequence;
        context.columns.sampler[0]  = 0;
        CHECK(context.step(1) == 0);
    }

    State copy_out(int sequence, int begin, int end) {
        const size_t bytes = context.copy_out(sequence, CARRIER, begin, end, room.data(), room.size());
        Bytes        exact(bytes);
        CHECK(context.copy_out(sequence, CARRIER, begin, end, exact.data(), bytes) == bytes);
        CHECK(failure_of([&] { context.copy_out(sequence, CARRIER, begin, end, exact.data(), bytes - 1); }) == Kind::INTERNAL);
        return read(room, bytes);
    }

    void copy_in(const Bytes & state, int sequence) {
        CHECK(failure_of([&] { context.copy_in(state.data(), state.size() - 1, CARRIER, sequence); }) == Kind::INTERNAL);
        CHECK(failure_of([&] { context.copy_in(state.data(), 11, CARRIER, sequence); }) == Kind::INTERNAL);
        context.copy_in(state.data(), state.size(), CARRIER, sequence);
    }

    Context context;

  private:
    Bytes room;
};

// Blocks of two contexts that computed the same go into a third one, some of them merged, beside sequences that are there; they come
// out of it as they went in, and it goes on from there.
void exercise_moves(const Model & model, const ContextSettings & settings) {
    const int length = 60;
    States    first(model, settings);
    States    second(model, settings);
    States    to(model, settings);
    CHECK(first.context.state_kind() == StateKind::PLAIN);
    for (int position = 0; position < length; position++) {
        const auto token = (llama_token) (1 + rng() % 100);
        first.compute(7, token, position);
        second.compute(9, token, position);
    }
    const State whole = first.copy_out(7, 0, length);
    for (int round = 0; round < 60; round++) {
        const int target = (int) (rng() % 40);
        CHECK(to.context.forget(target, 0));
        for (int begin = 0; begin < length;) {
            std::vector<State> blocks;
            const int          from = begin;
            for (unsigned more = 1 + rng() % 3; more > 0 && begin < length; more--) {
                const int end = std::min(length, begin + 1 + (int) (rng() % 20));
                blocks.push_back(rng() % 2 ? first.copy_out(7, begin, end) : second.copy_out(9, begin, end));
                begin = end;
            }
            const Bytes bytes = merged(blocks);
            to.copy_in(bytes, target);
            CHECK(same_rows(to.copy_out(target, from, begin), read(bytes, bytes.size())));
        }
        CHECK(same_rows(to.copy_out(target, 0, length), whole));
        to.compute(target, 1, length);
        CHECK(to.context.forget((int) (rng() % 40), 0));
        for (int other = 0; other < 40; other += 5) {
            CHECK(to.context.forget(other, 0));
        }
        for (int other = 0; round % 5 == 4 && other < 40; other++) {
            CHECK(to.context.forget(other, 0));
        }
    }
}

}  // namespace

void exercise_states(const Model & model) {
    for (const ggml_type type : { GGML_TYPE_F16, GGML_TYPE_Q8_0, GGML_TYPE_Q4_0 }) {
        const ContextSettings settings = { 512, 4, 64, 32, 4, 2, type, LLAMA_FLASH_ATTN_TYPE_ENABLED, true };
        try {
            Context(model, settings);
        } catch (const Failure &) {
            CHECK(type != GGML_TYPE_F16);  // heads of this model are no multiple of the quantized groups
            continue;
        }
        exercise_moves(model, settings);
    }
    const ContextSettings separate = { 512, 4, 64, 32, 4, 2, GGML_TYPE_F16, LLAMA_FLASH_ATTN_TYPE_ENABLED, false };
    Context               parts(model, separate);
    Bytes                 state(1 << 20);
    CHECK(parts.state_kind() == StateKind::SEPARATE);
    CHECK(failure_of([&] { parts.copy_out(0, 3, 0, 1, state.data(), state.size()); }) == Kind::INTERNAL);
    CHECK(failure_of([&] { parts.copy_in(state.data(), 100, 3, 0); }) == Kind::INTERNAL);
}

}  // namespace sampo
