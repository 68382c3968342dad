package io.sampo.engines.spi;

/**
 * What loading a model would take.
 *
 * @param architecture the model's architecture as its file names it, for example {@code llama}
 * @param parameters how many weights it has
 * @param trainedContextTokens the context it was trained for
 * @param task what the model would do
 * @param vectorLength numbers in the vector of an input; 0 unless it embeds
 * @param contextTokens the context one sequence would get, or the longest input
 * @param maxSequences the sequences or embedding requests that would run at once
 * @param weightBytes memory of the weights
 * @param kvBytes memory of keys and values of all sequences at full length
 * @param computeBytes an estimate of the engine's working memory
 */
public record LoadPlan(
    String architecture,
    long parameters,
    int trainedContextTokens,
    ModelTask task,
    int vectorLength,
    int contextTokens,
    int maxSequences,
    long weightBytes,
    long kvBytes,
    long computeBytes) {

  public long totalBytes() {
    return weightBytes + kvBytes + computeBytes;
  }
}
