package io.sampo.engines.spi;

/**
 * What a loaded engine can do.
 *
 * @param engine the provider's name
 * @param simulated whether tokens come from no model at all
 * @param device what runs it, in words, for example {@code CPU, 2 threads}
 * @param contextTokens the longest prompt plus answer of one sequence, or the longest input, in
 *     tokens
 * @param maxSequences how many requests run at once; one more is refused, unless it is more urgent
 *     and the engine preempts
 * @param vocabularySize token ids are 0 to this, exclusive
 * @param kvBytesPerToken device memory of one token's KV, in bytes; 0 where state does not grow
 *     with length
 * @param reusesPrefixes whether a sequence may start from the KV of an earlier one with the same
 *     beginning
 * @param preempts whether a more urgent sequence takes the place of a running one, which goes on
 *     later; see {@link Places}
 * @param task what it does with a request
 * @param vectorLength numbers in the vector of an input; 0 where it generates
 */
public record EngineCapabilities(
    String engine,
    boolean simulated,
    String device,
    int contextTokens,
    int maxSequences,
    int vocabularySize,
    long kvBytesPerToken,
    boolean reusesPrefixes,
    boolean preempts,
    ModelTask task,
    int vectorLength) {}
