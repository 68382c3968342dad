#include "huge_pages.h"

#include <algorithm>

#ifdef __linux__
#    include <sys/mman.h>
#    include <unistd.h>

#    include <cerrno>
#    include <cinttypes>
#    include <cstdio>
#    include <cstring>
#    include <fstream>
#    include <string>
#endif

namespace sampo {

#ifdef __linux__

namespace {

constexpr uintptr_t PAGE = uintptr_t(2) << 20;

// Less is not worth its while.
constexpr uintptr_t LARGE = uintptr_t(8) << 20;

// Of linux/mman.h since 6.1; headers may be older than the system.
constexpr int COLLAPSE = 25;

// Whether all of it is in memory: what was never written to would take memory only now.
bool filled(uintptr_t page) {
    static const size_t small = (size_t) sysconf(_SC_PAGESIZE);
    std::vector<unsigned char> present(PAGE / small);
    return mincore((void *) page, PAGE, present.data()) == 0 &&
           std::all_of(present.begin(), present.end(), [](unsigned char one) { return one & 1; });
}

}  // namespace

std::vector<HugePages::Range> HugePages::mapped(bool large_and_anonymous) {
    std::vector<Range> ranges;
    std::ifstream      maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        Range    range;
        char     access[5];
        uint64_t file = 1;
        char     name = 0;
        const int fields =
            std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %" SCNu64 " %c", &range.begin, &range.end, access, &file, &name);
        if (fields < 4) {
            continue;
        }
        const bool anonymous = file == 0 && name == 0 && std::strcmp(access, "rw-p") == 0;
        if (!large_and_anonymous || (anonymous && range.end - range.begin >= LARGE)) {
            ranges.push_back(range);
        }
    }
    return ranges;
}

HugePages::HugePages() : before(mapped(false)) {}

void HugePages::allocated() {
    for (const Range & range : mapped(true)) {
        // A mapping may have grown: then a part of it is new.
        uintptr_t begin = range.begin;
        for (const Range & old : before) {
            if (old.end > begin && old.begin < range.end) {
                add({ begin, old.begin });
                begin = old.end;
            }
        }
        add({ begin, range.end });
    }
    before = {};
}

void HugePages::add(const Range & range) {
    const Range pages = { (range.begin + PAGE - 1) / PAGE * PAGE, range.end / PAGE * PAGE };
    if (pages.end >= pages.begin + LARGE) {
        left.push_back(pages);
    }
}

bool HugePages::collapse_next() {
    while (!left.empty()) {
        Range &         range = left.back();
        const uintptr_t page  = range.begin;
        range.begin += PAGE;
        if (range.begin == range.end) {
            left.pop_back();
        }
        if (filled(page)) {
            // A page that is in use elsewhere, or for which there is no memory now, is left as it is.
            if (madvise((void *) page, PAGE, COLLAPSE) != 0 && errno != EAGAIN && errno != EBUSY && errno != ENOMEM) {
                left.clear();
            }
            return !left.empty();
        }
    }
    return false;
}

#else

HugePages::HugePages() {}

void HugePages::allocated() {}

bool HugePages::collapse_next() {
    return false;
}

#endif

}  // namespace sampo
