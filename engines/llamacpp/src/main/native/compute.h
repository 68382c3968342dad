#pragma once

#include <atomic>
#include <memory>

#include "huge_pages.h"
#include "llama-cpp.h"

namespace sampo {

class Model;

// CPU threads, kept between steps: without them ggml starts new ones for each step.
class ThreadPool {
  public:
    explicit ThreadPool(int threads);
    ~ThreadPool();

    int size() const { return threads; }

    void attach_to(llama_context * context);

  private:
    const int         threads;
    ggml_threadpool * pool = nullptr;
};

// llama.cpp's context of a model, the threads that compute it and the way to end its work early. One thread uses it; only interrupt
// is free for all.
class Compute {
  public:
    // The parameters' threads and abort callback are set here. Throws OUT_OF_MEMORY or MODEL_REJECTED.
    Compute(const Model & model, llama_context_params params, std::shared_ptr<ThreadPool> threads);

    llama_context * get() const { return context.get(); }

    const std::shared_ptr<ThreadPool> & threads() const { return pool; }

    // The memory of what it keeps from pass to pass.
    HugePages & pages() { return memory; }

    // Makes the running pass and all later ones end soon with code 2.
    void interrupt() { interrupted = true; }

  private:
    HugePages                   memory;
    std::shared_ptr<ThreadPool> pool;  // outlives the contexts that compute with it
    llama_context_ptr           context;
    std::atomic<bool>           interrupted = false;
};

}  // namespace sampo
