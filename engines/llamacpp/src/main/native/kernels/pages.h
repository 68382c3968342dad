#pragma once

#include <cstddef>

namespace sampo::kernels {

// Memory for packed weights, filled with zeros; null where there is none.
void * map_pages(size_t bytes);

void unmap_pages(void * memory, size_t bytes);

// Takes pages out of this process's memory that can be had from their file again: those that lie wholly within the range, if it is of a
// file mapped to be shared and read only. Anything else is left alone.
void give_back(const void * begin, size_t bytes);

}  // namespace sampo::kernels
