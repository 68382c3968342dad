// KV out of and into a context, in llama.cpp's own form of a sequence's state. Which bytes of it are what is Java's to know.

#include "context.h"
#include "failure.h"
#include "log_capture.h"
#include "model.h"

namespace sampo {

namespace {

// A sequence that only carries cells from here to there: empty before and after.
class Carrier {
  public:
    Carrier(llama_memory_t memory, int sequence) : memory(memory), sequence(sequence) {}
    ~Carrier() { llama_memory_seq_rm(memory, sequence, -1, -1); }

  private:
    llama_memory_t memory;
    int            sequence;
};

}  // namespace

StateKind Context::state_kind() const {
    if (llama_model_is_recurrent(model.raw()) || llama_model_is_hybrid(model.raw())) {
        return StateKind::RECURRENT;
    }
    if (llama_model_n_swa(model.raw()) != 0) {
        return StateKind::WINDOWED;
    }
    switch (llama_model_rope_type(model.raw())) {
        case LLAMA_ROPE_TYPE_NONE:
        case LLAMA_ROPE_TYPE_NORM:
        case LLAMA_ROPE_TYPE_NEOX:
            return unified ? StateKind::PLAIN : StateKind::SEPARATE;
        default:
            return StateKind::MANY_POSITIONS;
    }
}

size_t Context::copy_out(int sequence, int carrier, int begin, int end, uint8_t * into, size_t bytes) {
    if (state_kind() != StateKind::PLAIN) {
        throw Failure(Kind::INTERNAL, "this context's state is not kept token by token");
    }
    const llama_memory_t memory = llama_get_memory(context.get());
    const Carrier        carried(memory, carrier);
    LogCapture           log;
    llama_memory_seq_cp(memory, sequence, carrier, begin, end);
    const size_t written = llama_state_seq_get_data(context.get(), into, bytes, carrier);
    if (written == 0) {
        throw Failure(Kind::INTERNAL, log.errors("llama.cpp gave no state"));
    }
    return written;
}

void Context::copy_in(const uint8_t * state, size_t bytes, int carrier, int sequence) {
    if (state_kind() != StateKind::PLAIN) {
        throw Failure(Kind::INTERNAL, "this context's state is not kept token by token");
    }
    const llama_memory_t memory = llama_get_memory(context.get());
    const Carrier        carried(memory, carrier);
    LogCapture           log;
    if (llama_state_seq_set_data(context.get(), state, bytes, carrier) != bytes) {
        throw Failure(Kind::INTERNAL, log.errors("llama.cpp did not take the state"));
    }
    llama_memory_seq_cp(memory, carrier, sequence, -1, -1);
}

}  // namespace sampo
