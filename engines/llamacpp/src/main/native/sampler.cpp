#include "sampler.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace sampo {

namespace {

uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

constexpr uint64_t GOLDEN = 0x9e3779b97f4a7c15ULL;

llama_sampler_ptr filters_of(const SamplerSettings & s) {
    const bool greedy = s.temperature <= 0;
    // Only typical sampling can drop the likeliest token; the other filters cannot change a greedy choice.
    if (greedy && s.typical_p >= 1) {
        return nullptr;
    }
    llama_sampler_chain_params params = llama_sampler_chain_default_params();
    params.no_perf                    = true;
    llama_sampler_ptr chain(llama_sampler_chain_init(params));
    const auto        add = [&](llama_sampler * next) { llama_sampler_chain_add(chain.get(), next); };
    if (s.top_k > 0) {
        add(llama_sampler_init_top_k(s.top_k));
    }
    if (s.typical_p < 1) {
        add(llama_sampler_init_typical(s.typical_p, 1));
    }
    if (s.top_p < 1) {
        add(llama_sampler_init_top_p(s.top_p, 1));
    }
    if (s.min_p > 0) {
        add(llama_sampler_init_min_p(s.min_p, 1));
    }
    if (!greedy) {
        add(llama_sampler_init_temp(s.temperature));
    }
    return chain;
}

// Independent lanes, so that the compiler may use vector registers of any width.
constexpr int     LANES = 32;
constexpr int32_t BLOCK = 4096;
constexpr int32_t GROUP = 256;

float largest(const float * values, int32_t count) {
    float lane[LANES];
    std::fill(lane, lane + LANES, -INFINITY);
    int32_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (int j = 0; j < LANES; j++) {
            lane[j] = values[i + j] > lane[j] ? values[i + j] : lane[j];
        }
    }
    for (; i < count; i++) {
        lane[0] = values[i] > lane[0] ? values[i] : lane[0];
    }
    return *std::max_element(lane, lane + LANES);
}

// A value that at least so many of the values reach: that many groups of them have a largest one that does. -INFINITY where there
// are fewer groups.
float reached_by(int32_t wanted, const float * values, int32_t count, std::vector<float> & maxima) {
    const int32_t groups = count / GROUP;
    if (wanted > groups) {
        return -INFINITY;
    }
    maxima.resize(groups);
    for (int32_t group = 0; group < groups; group++) {
        maxima[group] = largest(values + group * GROUP, GROUP);
    }
    std::nth_element(maxima.begin(), maxima.begin() + (wanted - 1), maxima.end(), std::greater<float>());
    return maxima[wanted - 1];
}

}  // namespace

double uniform(uint64_t seed, uint64_t choice, uint64_t index) {
    const uint64_t start = mix(seed + GOLDEN) ^ mix(mix(choice + GOLDEN));
    return (double) (mix(start + (index + 1) * GOLDEN) >> 11) * 0x1.0p-53;
}

// By blocks, so that only the one that holds the largest is looked through for its place.
int32_t argmax(const float * logits, int32_t count) {
    float   best = -INFINITY;
    int32_t at   = 0;
    for (int32_t begin = 0; begin < count; begin += BLOCK) {
        const float here = largest(logits + begin, std::min(BLOCK, count - begin));
        if (here > best) {
            best = here;
            at   = begin;
        }
    }
    return std::isfinite(best) ? (int32_t) (std::find(logits + at, logits + count, best) - logits) : -1;
}

Sampler::Sampler(const llama_vocab * vocabulary, const SamplerSettings & given, const llama_token * history, size_t history_length) :
    settings(given),
    vocabulary_size(llama_vocab_n_tokens(vocabulary)),
    biases(given.biases),
    recited(history + history_length - std::min((size_t) given.recited, history_length), history + history_length),
    filters(filters_of(given)) {
    int32_t             suppressed_count = 0;
    const llama_token * suppressed       = llama_vocab_get_suppress_tokens(vocabulary, &suppressed_count);
    for (int32_t i = 0; i < suppressed_count; i++) {
        biases.push_back({ suppressed[i], -INFINITY });
    }
    if (settings.ignore_end) {
        for (llama_token token = 0; token < vocabulary_size; token++) {
            if (llama_vocab_is_eog(vocabulary, token)) {
                biases.push_back({ token, -INFINITY });
            }
        }
    }
    if (penalizes()) {
        const size_t kept = std::min(history_length, (size_t) settings.repeat_last);
        for (size_t i = history_length - kept; i < history_length; i++) {
            remember(history[i]);
        }
    }
}

bool Sampler::penalizes() const {
    return settings.repeat_last > 0 &&
           (settings.repeat_penalty != 1 || settings.frequency_penalty != 0 || settings.presence_penalty != 0);
}

void Sampler::remember(llama_token token) {
    if (recent.size() < (size_t) settings.repeat_last) {
        recent.push_back(token);
    } else {
        const auto oldest = recent_counts.find(recent[recent_next]);
        if (--oldest->second == 0) {
            recent_counts.erase(oldest);
        }
        recent[recent_next] = token;
        recent_next         = (recent_next + 1) % recent.size();
    }
    recent_counts[token]++;
}

void Sampler::shift(float * logits, llama_token token, float to) {
    undo.push_back({ token, logits[token] });
    logits[token] = to;
}

// As llama_sampler_init_penalties does it, visiting the recent tokens and not the vocabulary.
void Sampler::apply_penalties(float * logits) {
    for (const auto & [token, count] : recent_counts) {
        float logit = logits[token];
        logit       = logit <= 0 ? logit * settings.repeat_penalty : logit / settings.repeat_penalty;
        logit -= (float) count * settings.frequency_penalty + settings.presence_penalty;
        shift(logits, token, logit);
    }
}

llama_token Sampler::choose(float * logits, int64_t index, std::vector<llama_token_data> & candidates) {
    if (index < 0) {
        return recited.at(recited.size() + index);
    }
    undo.clear();
    for (const auto & bias : biases) {
        shift(logits, bias.token, logits[bias.token] + bias.bias);
    }
    if (penalizes()) {
        apply_penalties(logits);
    }
    llama_token chosen = choose_freely(logits, index, candidates);
    if (chosen >= 0 && grammar) {
        if (!grammar->allows(chosen)) {
            chosen = choose_by_grammar(logits, index, candidates);
        }
        if (chosen >= 0) {
            grammar->accept(chosen);
        }
        chosen = grammar->failed() ? -1 : chosen;
    }
    for (auto each = undo.rbegin(); each != undo.rend(); ++each) {
        logits[each->token] = each->logit;
    }
    if (chosen >= 0 && penalizes()) {
        remember(chosen);
    }
    return chosen;
}

llama_token Sampler::choose_freely(const float * logits, uint64_t index, std::vector<llama_token_data> & candidates) {
    const llama_token best = argmax(logits, vocabulary_size);
    if (best < 0 || !filters) {
        return best;
    }
    gather(logits, candidates);
    llama_token_data_array left = { candidates.data(), candidates.size(), -1, false };
    return filter_and_draw(left, uniform(settings.seed, settings.choice, index));
}

// Top-k comes first of the filters, so what it cannot keep, nearly all of the vocabulary, need not become a candidate.
void Sampler::gather(const float * logits, std::vector<llama_token_data> & candidates) {
    const float least = settings.top_k > 0 ? reached_by(settings.top_k, logits, vocabulary_size, maxima) : -INFINITY;
    candidates.clear();
    for (int32_t begin = 0; begin < vocabulary_size; begin += GROUP) {
        const int32_t end = std::min(begin + GROUP, vocabulary_size);
        if (largest(logits + begin, end - begin) < least) {
            continue;
        }
        for (int32_t i = begin; i < end; i++) {
            const float logit = std::isnan(logits[i]) ? -INFINITY : logits[i];
            if (logit >= least) {
                candidates.push_back({ i, logit, 0 });
            }
        }
    }
}

// That the first choice failed tells something of the first random number, so this one draws another.
llama_token Sampler::choose_by_grammar(const float * logits, uint64_t index, std::vector<llama_token_data> & candidates) {
    candidates.clear();
    for (int32_t i = 0; i < vocabulary_size; i++) {
        if (std::isfinite(logits[i])) {
            candidates.push_back({ i, logits[i], 0 });
        }
    }
    llama_token_data_array left = { candidates.data(), candidates.size(), -1, false };
    grammar->mask(left);
    const auto forbidden = [](const llama_token_data & candidate) { return candidate.logit == -INFINITY; };
    left.size            = std::remove_if(left.data, left.data + left.size, forbidden) - left.data;
    // Where nothing may follow the answer ends, also when it was to ignore the model's own end.
    return left.size == 0 ? grammar->end() : filter_and_draw(left, uniform(~settings.seed, settings.choice, index));
}

llama_token Sampler::filter_and_draw(llama_token_data_array & left, double random) {
    if (filters) {
        llama_sampler_apply(filters.get(), &left);
    }
    const auto   less = [](const llama_token_data & a, const llama_token_data & b) { return a.logit < b.logit; };
    const auto * best = std::max_element(left.data, left.data + left.size, less);
    if (settings.temperature <= 0) {
        return best->id;
    }
    const float top   = best->logit;
    double      total = 0;
    for (size_t i = 0; i < left.size; i++) {
        left.data[i].p = std::exp(left.data[i].logit - top);
        total += left.data[i].p;
    }
    // The inverse of the cumulative distribution; rounding may leave a rest, which falls to the likeliest.
    double rest = random * total;
    for (size_t i = 0; i < left.size; i++) {
        rest -= left.data[i].p;
        if (rest < 0) {
            return left.data[i].id;
        }
    }
    return best->id;
}

void Sampler::report(const float * logits, llama_token chosen, std::vector<llama_token_data> & candidates, Logprobs & into) const {
    const float top   = largest(logits, vocabulary_size);
    double      total = 0;
    for (int32_t i = 0; i < vocabulary_size; i++) {
        total += std::isnan(logits[i]) ? 0 : std::exp(logits[i] - top);
    }
    const float log_total = top + (float) std::log(total);
    into.chosen           = logits[chosen] - log_total;

    const int wanted = std::min(settings.top_logprobs, vocabulary_size);
    if (wanted <= 0) {
        return;
    }
    candidates.resize(vocabulary_size);
    for (int32_t i = 0; i < vocabulary_size; i++) {
        candidates[i] = { i, std::isnan(logits[i]) ? -INFINITY : logits[i], 0 };
    }
    const auto likelier = [](const llama_token_data & a, const llama_token_data & b) {
        return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
    };
    std::partial_sort(candidates.begin(), candidates.begin() + wanted, candidates.end(), likelier);
    for (int i = 0; i < wanted; i++) {
        into.top_ids[i] = candidates[i].id;
        into.top[i]     = candidates[i].logit - log_total;
    }
}

}  // namespace sampo
