#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sampo::kernels {

// Offers our multiplication to ggml's CPU backend, as one more of the buffer types that it looks through for each matrix of a model; a
// matrix that gets one is packed as it is loaded, and multiplied by our kernels in ggml's own threads. Once in a process, after ggml's
// backends are loaded and before a model is. Whatever speaks against it leaves ggml as it was.
void plug_in();

// What came of it.
struct PlugIn {
    std::vector<std::string> variants;  // that models may use, fastest first
    std::string              trouble;   // why there are none; empty otherwise
};

const PlugIn & plugged_in();

// What the kernels have taken over of a model.
struct Taken {
    std::string variant;  // empty: none
    int64_t     matrices     = 0;
    int64_t     file_bytes   = 0;  // of those matrices in the model's file
    int64_t     packed_bytes = 0;
};

// While it lives, models that this thread loads get the kernels: "auto" the fastest variant there is, "off" none, or a variant by name,
// and none where it is not there.
class Loading {
  public:
    explicit Loading(const std::string & kernels);
    ~Loading();

    Loading(const Loading &)             = delete;
    Loading & operator=(const Loading &) = delete;

    const Taken & taken() const { return sum; }

  private:
    Taken sum;
};

}  // namespace sampo::kernels
