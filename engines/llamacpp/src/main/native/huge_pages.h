#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sampo {

// The memory that a piece of work allocates, in large pieces, to be put on huge pages afterwards: a step reads all weights, and with
// ordinary pages of 4 KiB spends a part of its time on looking up where they are. Linux alone; elsewhere there is nothing to do.
//
// Not while it is allocated, for that takes longer than loading a model does.
class HugePages {
  public:
    // Takes note of what is there before the work begins.
    HugePages();

    // The work is done.
    void allocated();

    // Puts the next piece on a huge page, which takes some milliseconds; false when no more are left, or the system will not.
    bool collapse_next();

  private:
    struct Range {
        uintptr_t begin;
        uintptr_t end;
    };

    static std::vector<Range> mapped(bool large_and_anonymous);

    void add(const Range & range);

    std::vector<Range> before;
    std::vector<Range> left;
};

}  // namespace sampo
