package io.sampo.engines.spi;

/**
 * What an engine does at this moment, and has done since it was loaded.
 *
 * @param runningSequences sequences that are in prefill or decode
 * @param waitingSequences sequences accepted that wait to begin or to go on
 * @param kvTokensUsed tokens whose KV is held, of running and of retained sequences
 * @param kvTokensRetained those of them that only sequences hold which have ended; given up when
 *     there is need
 * @param kvTokensTotal tokens there is room for
 * @param prefillTokensPerSecond measured over recent steps; 0 before the first
 * @param decodeTokensPerSecond measured over recent steps, of all sequences together; 0 before the
 *     first
 * @param promptTokens tokens of all prompts so far
 * @param cachedTokens those of them that needed no computing
 * @param generatedTokens tokens of all answers so far
 * @param draftedTokens tokens that were guessed and computed ahead (speculative decoding) so far
 * @param acceptedTokens those of them that became part of an answer
 * @param steps steps so far
 * @param preemptions how often a running sequence gave way to a more urgent one
 * @param prefillTokens tokens of prompts that steps have computed so far
 * @param decodeTokens how many answers each step went on with, over all steps so far
 * @param stepNanos how long all steps took, in nanoseconds
 */
public record EngineStats(
    int runningSequences,
    int waitingSequences,
    long kvTokensUsed,
    long kvTokensRetained,
    long kvTokensTotal,
    double prefillTokensPerSecond,
    double decodeTokensPerSecond,
    long promptTokens,
    long cachedTokens,
    long generatedTokens,
    long draftedTokens,
    long acceptedTokens,
    long steps,
    long preemptions,
    long prefillTokens,
    long decodeTokens,
    long stepNanos) {}
