#include "log_capture.h"

#include <deque>
#include <mutex>

#include "llama.h"
#include "log.h"

namespace sampo {

namespace {

constexpr size_t KEPT_LINES     = 64;
constexpr size_t CAPTURED_BYTES = 2000;
constexpr size_t LINE_BYTES     = 1000;

std::mutex              kept_lock;
std::deque<std::string> kept;

thread_local std::string *  captured = nullptr;
thread_local std::string    line;
thread_local ggml_log_level line_level = GGML_LOG_LEVEL_NONE;

void finish_line() {
    while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) {
        line.pop_back();
    }
    if (!line.empty() && line_level >= GGML_LOG_LEVEL_WARN) {
        if (line_level == GGML_LOG_LEVEL_ERROR && captured && captured->size() < CAPTURED_BYTES) {
            captured->append(captured->empty() ? "" : "; ").append(line);
        }
        std::lock_guard<std::mutex> guard(kept_lock);
        if (kept.size() == KEPT_LINES) {
            kept.pop_front();
        }
        kept.push_back(line);
    }
    line.clear();
}

// Lines come in pieces; the level of the first piece holds for all.
void on_log(ggml_log_level level, const char * text, void *) {
    if (level != GGML_LOG_LEVEL_CONT) {
        finish_line();
        line_level = level;
    }
    if (line_level < GGML_LOG_LEVEL_WARN) {
        return;
    }
    if (line.size() < LINE_BYTES) {
        line.append(text);
    }
    if (!line.empty() && line.back() == '\n') {
        finish_line();
    }
}

}  // namespace

void log_init() {
    llama_log_set(on_log, nullptr);
    common_log_set_verbosity_thold(-1);
}

LogCapture::LogCapture() : outer(captured) {
    captured = &text;
}

LogCapture::~LogCapture() {
    captured = outer;
}

std::string LogCapture::errors(const std::string & fallback) const {
    return text.empty() ? fallback : text;
}

std::string log_drain() {
    std::lock_guard<std::mutex> guard(kept_lock);
    std::string                 all;
    for (const auto & each : kept) {
        all.append(each).append("\n");
    }
    kept.clear();
    return all;
}

}  // namespace sampo
