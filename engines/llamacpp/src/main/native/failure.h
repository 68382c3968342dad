#pragma once

#include <stdexcept>
#include <string>

namespace sampo {

// The constants of io.sampo.engines.spi.EngineException.Kind, in their order.
enum class Kind { MODEL_REJECTED, INVALID_REQUEST, FULL, OUT_OF_MEMORY, CLOSED, INTERNAL };

// What Java gets as an EngineException. Every other exception becomes INTERNAL.
struct Failure : std::runtime_error {
    Failure(Kind kind, const std::string & message) : std::runtime_error(message), kind(kind) {}

    const Kind kind;
};

}  // namespace sampo
