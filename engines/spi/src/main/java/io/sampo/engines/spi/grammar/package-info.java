/**
 * The guard before native grammar code, which cannot be interrupted and ends the process where Java
 * throws. {@link io.sampo.engines.spi.grammar.GrammarCheck} reads a grammar (GBNF) as llama.cpp
 * does, expands what llama.cpp would expand, and refuses what is broken, too large, left-recursive
 * or ambiguous beyond a bound. Every grammar passes it, whether a request brought it or a schema or
 * tools were turned into it.
 *
 * <p>Holds no state. Invariant: for a grammar that passes, compiling needs bounded time, memory and
 * stack, and no rule expands without end.
 */
@NullMarked
package io.sampo.engines.spi.grammar;

import org.jspecify.annotations.NullMarked;
