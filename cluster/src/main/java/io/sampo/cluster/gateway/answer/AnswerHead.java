package io.sampo.cluster.gateway.answer;

/**
 * What stands in every event of an answer.
 *
 * @param id with the prefix of its API
 * @param createdSeconds since 1970
 * @param model as the client named it
 * @param fingerprint what answered
 * @param choices how many answers
 * @param includeUsage whether a stream tells the tokens used
 * @param logprobs whether log probabilities are told
 * @param resumed whether the client has read the beginning before
 */
record AnswerHead(
    String id,
    long createdSeconds,
    String model,
    String fingerprint,
    int choices,
    boolean includeUsage,
    boolean logprobs,
    boolean resumed) {}
