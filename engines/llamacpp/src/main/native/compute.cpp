#include "compute.h"

#include "failure.h"
#include "log_capture.h"
#include "model.h"

namespace sampo {

namespace {

// The CPU backend is a library of its own, loaded at run time, so its functions are asked for by name.
template <typename Function> Function * cpu_function(const char * name) {
    ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    return (Function *) ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(cpu), name);
}

bool is_set(void * flag) {
    return *(std::atomic<bool> *) flag;
}

}  // namespace

ThreadPool::ThreadPool(int threads) : threads(threads) {
    ggml_threadpool_params params = ggml_threadpool_params_default(threads);
    // Between two steps workers spin and do not sleep, but not much longer: others need the cores.
    params.poll = 2;
    if (const auto create = cpu_function<decltype(ggml_threadpool_new)>("ggml_threadpool_new")) {
        pool = create(&params);
    }
}

ThreadPool::~ThreadPool() {
    const auto free = cpu_function<decltype(ggml_threadpool_free)>("ggml_threadpool_free");
    if (pool && free) {
        free(pool);
    }
}

void ThreadPool::attach_to(llama_context * context) {
    if (pool) {
        llama_attach_threadpool(context, pool, nullptr);
    }
}

Compute::Compute(const Model & model, llama_context_params params, std::shared_ptr<ThreadPool> threads) : pool(std::move(threads)) {
    params.n_threads           = pool->size();
    params.n_threads_batch     = pool->size();
    params.abort_callback      = is_set;
    params.abort_callback_data = &interrupted;
    params.no_perf             = true;
    LogCapture log;
    context.reset(llama_init_from_model(model.raw(), params));
    if (!context) {
        const std::string reason = log.errors("llama.cpp gave no reason");
        throw Failure(reason.find("alloc") != std::string::npos ? Kind::OUT_OF_MEMORY : Kind::MODEL_REJECTED, reason);
    }
    memory.allocated();
    pool->attach_to(context.get());
}

}  // namespace sampo
