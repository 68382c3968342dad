#pragma once

#include <cstdint>
#include <vector>

#include "compute.h"
#include "llama-cpp.h"

namespace sampo {

class Model;

struct EmbedderSettings {
    int batch_tokens;     // most rows of a batch, all computed in one pass
    int max_inputs;       // most inputs of a batch, at most 256
    int threads;
    int flash_attention;  // as in ContextSettings
    int pooling;          // llama_pooling_type, not NONE
};

// Memory that Java reads and writes directly. Rows of a batch are written by Java; the vectors are the batch's results, one after the
// other, in the order of the inputs.
struct EmbedderColumns {
    std::vector<int32_t> token;
    std::vector<int32_t> position;
    std::vector<int32_t> input;
    std::vector<float>   vector;
};

// Computes the vectors of whole inputs. Between two batches it remembers nothing. Used by one thread, except for interrupt().
class Embedder {
  public:
    // Throws OUT_OF_MEMORY or MODEL_REJECTED.
    Embedder(const Model & model, const EmbedderSettings & settings);

    EmbedderColumns columns;

    // Numbers in a vector.
    int vector_length() const { return length; }

    // Computes the first rows; they belong to the first inputs and every input is there as a whole. 0 done, 2 interrupted.
    int compute(int rows, int inputs);

    void interrupt() { context.interrupt(); }

  private:
    Compute                     context;
    const int                   max_inputs;
    int                         length;
    std::vector<llama_seq_id *> input_of_row;
    std::vector<int32_t>        inputs_of_row;
    std::vector<int8_t>         wanted;
};

}  // namespace sampo
