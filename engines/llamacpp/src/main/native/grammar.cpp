#include "grammar.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "failure.h"
#include "log_capture.h"

namespace sampo {

namespace {

constexpr size_t KEPT_GRAMMARS = 16;

// How much of an answer is searched for trigger patterns, in bytes.
constexpr size_t PATTERN_BYTES = 8192;

// A grammar with too many ways to read the same text takes ever longer; a sequence that got there is given up.
constexpr auto SLOWEST_STEP = std::chrono::seconds(2);

std::string key_of(const GrammarSettings & settings) {
    std::string key     = settings.lazy ? "lazy" : "strict";
    const auto  section = [&](const std::vector<std::string> & texts) {
        for (const auto & text : texts) {
            key.append(1, '\0').append(text);
        }
        key.append(1, '\1');
    };
    section(settings.words);
    section(settings.patterns);
    for (const llama_token token : settings.tokens) {
        key.append(std::to_string(token)).append(1, ',');
    }
    return key.append(1, '\1').append(settings.text);
}

std::string escaped(const std::string & word) {
    std::string pattern;
    for (const char c : word) {
        if (std::string("\\^$.|?*+()[]{}").find(c) != std::string::npos) {
            pattern += '\\';
        }
        pattern += c;
    }
    return pattern;
}

}  // namespace

llama_sampler_ptr GrammarCache::fresh(const GrammarSettings & settings) {
    const std::string key      = key_of(settings);
    Compiled          compiled = find(key);
    if (!compiled) {
        compiled = compile(settings);
        keep(key, compiled);
    }
    return llama_sampler_ptr(llama_sampler_clone(compiled.get()));
}

GrammarCache::Compiled GrammarCache::find(const std::string & key) {
    std::lock_guard<std::mutex> guard(lock);
    auto found = std::find_if(entries.begin(), entries.end(), [&](const auto & entry) { return entry.first == key; });
    if (found == entries.end()) {
        return nullptr;
    }
    entries.splice(entries.begin(), entries, found);
    return entries.front().second;
}

void GrammarCache::keep(const std::string & key, const Compiled & compiled) {
    std::lock_guard<std::mutex> guard(lock);
    entries.emplace_front(key, compiled);
    if (entries.size() > KEPT_GRAMMARS) {
        entries.pop_back();
    }
}

GrammarCache::Compiled GrammarCache::compile(const GrammarSettings & settings) const {
    std::vector<std::string> patterns = settings.patterns;
    for (const auto & word : settings.words) {
        patterns.push_back(escaped(word));
    }
    std::vector<const char *> raw;
    for (const auto & pattern : patterns) {
        raw.push_back(pattern.c_str());
    }
    LogCapture log;
    Compiled   compiled;
    try {
        compiled.reset(settings.lazy ?
                           llama_sampler_init_grammar_lazy_patterns(vocabulary, settings.text.c_str(), "root", raw.data(), raw.size(),
                                                                    settings.tokens.data(), settings.tokens.size()) :
                           llama_sampler_init_grammar(vocabulary, settings.text.c_str(), "root"), llama_sampler_free);
    } catch (const std::exception & refused) {
        throw Failure(Kind::INVALID_REQUEST, std::string("the grammar cannot be compiled: ") + refused.what());
    }
    if (!compiled) {
        throw Failure(Kind::INVALID_REQUEST, "the grammar cannot be compiled: " + log.errors("llama.cpp gave no reason"));
    }
    return compiled;
}

GrammarState::GrammarState(GrammarCache & cache, const llama_vocab * vocabulary, GrammarSettings given) :
    vocabulary(vocabulary),
    settings(std::move(given)),
    grammar(cache.fresh(settings)),
    feeding(!settings.lazy || !settings.patterns.empty()) {
    for (const auto & word : settings.words) {
        longest_word = std::max(longest_word, word.size());
    }
    for (const llama_token token : settings.prefill) {
        accept(token);
    }
}

std::string GrammarState::piece(llama_token token) const {
    char    text[256];
    int32_t length = llama_token_to_piece(vocabulary, token, text, sizeof(text), 0, true);
    return length > 0 ? std::string(text, length) : std::string();
}

bool GrammarState::allows(llama_token token) {
    if (!grammar || !feeding) {
        return true;
    }
    llama_token_data       single = { token, 1, 0 };
    llama_token_data_array array  = { &single, 1, -1, false };
    mask(array);
    return single.logit != -INFINITY;
}

void GrammarState::mask(llama_token_data_array & candidates) {
    if (!grammar || !feeding) {
        return;
    }
    const auto begin = std::chrono::steady_clock::now();
    llama_sampler_apply(grammar.get(), &candidates);
    broken |= std::chrono::steady_clock::now() - begin > SLOWEST_STEP;
}

void GrammarState::accept(llama_token token) {
    // Where a grammar is passed its end is a rule of its own; llama.cpp ends the process when an end comes too early.
    if (!grammar || broken || llama_vocab_is_eog(vocabulary, token)) {
        return;
    }
    if (feeding) {
        feed(token);
    } else {
        watch(token);
    }
}

void GrammarState::feed(llama_token token) {
    const auto begin = std::chrono::steady_clock::now();
    try {
        if (!allows(token)) {
            let_go();
            return;
        }
        llama_sampler_accept(grammar.get(), token);
    } catch (const std::exception &) {
        let_go();
        return;
    }
    broken |= std::chrono::steady_clock::now() - begin > SLOWEST_STEP;
    if (!settings.patterns.empty()) {
        fed_bytes += piece(token).size();
        if (fed_bytes > PATTERN_BYTES && waits()) {
            let_go();
        }
    }
}

// Only a grammar that still waits for its trigger lets a token pass that adds no text.
bool GrammarState::waits() {
    const llama_token bos = llama_vocab_bos(vocabulary);
    return bos >= 0 && !llama_vocab_is_eog(vocabulary, bos) && allows(bos);
}

llama_token GrammarState::end() {
    const int32_t count = llama_vocab_n_tokens(vocabulary);
    for (llama_token token = 0; token < count; token++) {
        if (llama_vocab_is_eog(vocabulary, token)) {
            return allows(token) ? token : -1;
        }
    }
    return -1;
}

void GrammarState::let_go() {
    grammar.reset();
    broken = !settings.lazy;
}

void GrammarState::watch(llama_token token) {
    if (std::find(settings.tokens.begin(), settings.tokens.end(), token) != settings.tokens.end()) {
        feeding = true;
        feed(token);
        return;
    }
    tail_tokens.emplace_back(token, piece(token));
    tail += tail_tokens.back().second;
    size_t at = std::string::npos;
    for (const auto & word : settings.words) {
        at = std::min(at, tail.find(word));
    }
    size_t begin = 0;
    if (at != std::string::npos) {
        feeding = true;
        for (const auto & [said, text] : tail_tokens) {
            begin += text.size();
            if (begin > at && grammar) {
                feed(said);
            }
        }
        return;
    }
    // What can still become a trigger is one byte shorter than it.
    size_t kept = 0;
    while (kept < tail_tokens.size() && tail.size() - begin - tail_tokens[kept].second.size() + 1 >= longest_word) {
        begin += tail_tokens[kept++].second.size();
    }
    tail.erase(0, begin);
    tail_tokens.erase(tail_tokens.begin(), tail_tokens.begin() + (ptrdiff_t) kept);
}

}  // namespace sampo
