package io.sampo.engines.modelstore.gguf;

/**
 * Where one metadata value lies in a file's head.
 *
 * @param type of the value, or of an array's elements
 * @param array whether there are many
 * @param count the elements; 1 for a single value
 * @param start the first byte of the value or of the first element
 * @param end the byte after the last
 */
record GgufEntry(GgufValueType type, boolean array, int count, int start, int end) {}
