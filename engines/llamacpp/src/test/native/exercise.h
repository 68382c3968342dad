#pragma once

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "failure.h"
#include "llama-cpp.h"

namespace sampo {

class Model;
struct SamplerSettings;

#define CHECK(holds)                                                                  \
    if (!(holds)) {                                                                   \
        fprintf(stderr, "exercise: %s:%d: %s\n", __FILE__, __LINE__, #holds); \
        exit(1);                                                                      \
    }

// One seed for all, so that a failure comes again.
extern std::mt19937 rng;

float between(float low, float high);

// Settings of a sampler, mostly odd ones.
SamplerSettings any_settings(int32_t vocabulary);

// What the body throws, which must be a failure.
template <typename Body> Kind failure_of(Body body) {
    try {
        body();
    } catch (const Failure & failure) {
        return failure.kind;
    }
    CHECK(!"a failure was expected");
    return Kind::INTERNAL;
}

// The parts of the exercise, each in a file of its own.
void exercise_steps(const Model & model);
void exercise_drafts(const Model & model);
void exercise_states(const Model & model);
void exercise_adapters(const Model & model, const std::string & adapter, const std::string & no_adapter);
void exercise_kernels(const std::string & path, const std::string & folder);
void exercise_divergence(const std::string & path, const std::string & folder);
void exercise_embedder(const std::string & path, enum llama_pooling_type pooling);

}  // namespace sampo
