#pragma once

#include <cstdint>
#include <vector>

#include "adapter.h"
#include "compute.h"
#include "llama-cpp.h"
#include "sampler.h"

namespace sampo {

class Model;

struct ContextSettings {
    int  cells;           // tokens whose KV fits, of all sequences together
    int  max_sequences;   // that a step chooses tokens for; a unified context holds up to 256
    int  batch_tokens;    // rows of one step
    int  ubatch_tokens;   // rows of one pass over the weights
    int  drafted_tokens;  // most drafted tokens of a step
    int  threads;
    int  kv_type;          // a ggml_type
    int  flash_attention;  // a llama_flash_attn_type
    bool unified;          // one pool of cells for all sequences, or one part for each
};

// Chosen after a drafted token that is not what was chosen before it.
constexpr llama_token NOT_CHOSEN = -2;

// The most likeliest tokens reported of one position.
constexpr int MAX_TOP_LOGPROBS = 20;

// One step's input and output, in columns. Java writes and reads them in place.
struct StepColumns {
    // Input, one entry for each row.
    std::vector<llama_token>  token;
    std::vector<llama_pos>    position;
    std::vector<llama_seq_id> sequence;
    std::vector<int64_t>      sampler;  // a Sampler*; 0 where no token is to be chosen
    std::vector<int32_t>      index;    // of the token to choose, in its answer

    // Output, one entry for each row with a sampler, in their order.
    std::vector<llama_token> chosen;  // -1: no token was possible; or NOT_CHOSEN
    std::vector<float>       logprob;
    std::vector<int32_t>     top_ids;  // MAX_TOP_LOGPROBS for each
    std::vector<float>       top_logprobs;
};

// How a context keeps what it computed; io.sampo.engines.llamacpp.jni.NativeState.Kind, in its order.
enum class StateKind { PLAIN, SEPARATE, RECURRENT, WINDOWED, MANY_POSITIONS };

// The state of all sequences of one model and the step that advances them. One thread uses it; only interrupt is free for all.
class Context {
  public:
    // With the threads of another context, if one is given, that never computes at the same time: idle threads wait by spinning,
    // and two sets of them would be in each other's way. Throws OUT_OF_MEMORY or MODEL_REJECTED.
    Context(const Model & model, const ContextSettings & settings, const Context * threads_of = nullptr);

    StepColumns columns;

    // Computes the first rows of the columns and chooses tokens. Rows with a sampler that follow one of the same sequence are
    // drafted tokens: their samplers are asked only as long as each is what was chosen before it, so they see no token that does
    // not stand. The rows before split in a pass of their own, if there are any.
    // Returns llama_decode's code: 0 done; 1 no room for the KV, with nothing changed by that pass; 2 interrupted.
    int step(int rows, int split = 0);

    // Computes with an adapter from the next step on, or with the model alone when it is null. A change costs as much as a few
    // small steps, because llama.cpp plans its memory anew.
    void use(const Adapter * adapter);

    // Puts a piece of the weights or the KV on a huge page, which takes some milliseconds; false when no more are left.
    bool collapse_next();

    // Makes the running step and all later ones end soon with code 2.
    void interrupt() { context.interrupt(); }

    // Forgets a sequence from a position on; false where the model's state cannot be cut there.
    bool forget(int sequence, int from);

    // Gives an empty sequence the first cells of another. Needs a unified context and a state that can be cut anywhere.
    void share(int from, int to, int tokens);

    // Whether a sequence's state can be cut at any position.
    bool cuts_anywhere() const;

    StateKind state_kind() const;

    // Writes some positions of a sequence as llama.cpp writes a state; returns its bytes. The carrier is a sequence that is
    // empty. Throws where the memory is too small. For plain states.
    size_t copy_out(int sequence, int carrier, int begin, int end, uint8_t * into, size_t bytes);

    // Adds a state's positions to a sequence. Throws, with nothing changed, where llama.cpp refuses it. For plain states.
    void copy_in(const uint8_t * state, size_t bytes, int carrier, int sequence);

  private:
    // Computes some rows; tokens chosen follow those of the passes before.
    int pass(int from, int to, size_t & out);

    bool was_drafted(int row) const;

    void choose(int row, float * logits, size_t out);

    const Model &                 model;
    const bool                    unified;
    Compute                       context;
    std::vector<llama_seq_id *>   sequence_of_row;
    std::vector<int32_t>          sequences_of_row;
    std::vector<int8_t>           wanted;
    std::vector<llama_token_data> candidates;
};

}  // namespace sampo
