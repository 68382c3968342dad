#include "pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

namespace sampo::kernels {

namespace {

// Whether one mapping of a file, read only and shared, holds all of it.
bool mapped_from_file(uintptr_t begin, uintptr_t end) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        uintptr_t from  = 0;
        uintptr_t to    = 0;
        uint64_t  inode = 0;
        char      access[5];
        if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %" SCNu64, &from, &to, access, &inode) == 4 && from <= begin &&
            begin < to) {
            return end <= to && inode != 0 && std::strcmp(access, "r--s") == 0;
        }
    }
    return false;
}

}  // namespace

void * map_pages(size_t bytes) {
    void * memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : memory;
}

void unmap_pages(void * memory, size_t bytes) {
    munmap(memory, bytes);
}

void give_back(const void * begin, size_t bytes) {
    const auto      page  = (uintptr_t) sysconf(_SC_PAGESIZE);
    const uintptr_t first = ((uintptr_t) begin + page - 1) / page * page;
    const uintptr_t last  = ((uintptr_t) begin + bytes) / page * page;
    if (first < last && mapped_from_file(first, last)) {
        madvise((void *) first, last - first, MADV_DONTNEED);
    }
}

}  // namespace sampo::kernels
