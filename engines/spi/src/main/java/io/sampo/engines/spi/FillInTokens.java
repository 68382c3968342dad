package io.sampo.engines.spi;

import java.util.ArrayList;
import java.util.List;

/**
 * The tokens by which a model is asked to fill a gap in a text. An id is -1 where the model has no
 * such token.
 *
 * @param prefix stands before what precedes the gap
 * @param suffix stands before what follows it
 * @param middle stands before what fills it
 * @param repository stands before a project's name, ahead of further files
 * @param file stands before a file's name
 * @param begin with which every prompt begins, where the model wants one
 */
public record FillInTokens(
    int prefix, int suffix, int middle, int repository, int file, int begin) {

  /** Of a model that cannot fill gaps. */
  public static final FillInTokens NONE = new FillInTokens(-1, -1, -1, -1, -1, -1);

  /** The tokens without which no gap can be filled and which this model lacks, in words. */
  public List<String> missing() {
    List<String> missing = new ArrayList<>();
    if (prefix < 0) {
      missing.add("prefix");
    }
    if (suffix < 0) {
      missing.add("suffix");
    }
    if (middle < 0) {
      missing.add("middle");
    }
    return missing;
  }
}
