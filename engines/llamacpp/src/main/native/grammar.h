#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "llama-cpp.h"

namespace sampo {

// The fields of io.sampo.engines.spi.Grammar.
struct GrammarSettings {
    std::string              text;
    bool                     lazy = false;
    std::vector<std::string> words;
    std::vector<std::string> patterns;
    std::vector<llama_token> tokens;
    std::vector<llama_token> prefill;
};

// Compiles grammars and keeps the last few, because one conversation sends the same one again and again. Safe for many threads.
class GrammarCache {
  public:
    explicit GrammarCache(const llama_vocab * vocabulary) : vocabulary(vocabulary) {}

    // A grammar at its beginning. Throws INVALID_REQUEST when llama.cpp cannot compile it; what could make it abort, or never
    // end, was refused in Java.
    llama_sampler_ptr fresh(const GrammarSettings & settings);

  private:
    using Compiled = std::shared_ptr<llama_sampler>;

    Compiled find(const std::string & key);
    void     keep(const std::string & key, const Compiled & compiled);
    Compiled compile(const GrammarSettings & settings) const;

    const llama_vocab * const                    vocabulary;
    std::mutex                                   lock;     // never held while something is compiled
    std::list<std::pair<std::string, Compiled>> entries;  // last used first
};

// Where one sequence stands in its grammar. Used by one thread.
//
// A lazy grammar is not fed before a trigger is seen: llama.cpp would search everything said so far with a regular expression at
// each token, which costs the square of the length and, in libstdc++, stack for each character.
class GrammarState {
  public:
    GrammarState(GrammarCache & cache, const llama_vocab * vocabulary, GrammarSettings settings);

    // Whether this token may come next.
    bool allows(llama_token token);

    // Sets the logits of tokens that may not come next to minus infinity.
    void mask(llama_token_data_array & candidates);

    // Goes on by one token. A strict grammar that does not allow it is failed from then on; a lazy one lets go.
    void accept(llama_token token);

    // A token that ends the answer, if it may end here; else -1.
    llama_token end();

    // No token is possible any more.
    bool failed() const { return broken; }

  private:
    void        feed(llama_token token);
    void        watch(llama_token token);
    void        let_go();
    bool        waits();
    std::string piece(llama_token token) const;

    const llama_vocab * const                        vocabulary;
    const GrammarSettings                            settings;
    llama_sampler_ptr                                grammar;  // null once it has let go
    bool                                             feeding;
    bool                                             broken = false;
    size_t                                           fed_bytes = 0;
    size_t                                           longest_word = 0;
    std::string                                      tail;         // the end of what was said, long enough for a trigger
    std::vector<std::pair<llama_token, std::string>> tail_tokens;  // what the tail is made of
};

}  // namespace sampo
