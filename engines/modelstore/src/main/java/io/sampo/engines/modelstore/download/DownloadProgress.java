package io.sampo.engines.modelstore.download;

/**
 * How far a file is.
 *
 * @param file what a person calls it
 * @param doneBytes on disk
 * @param totalBytes in all
 * @param resumedBytes of them from an earlier attempt
 */
public record DownloadProgress(String file, long doneBytes, long totalBytes, long resumedBytes) {

  public boolean complete() {
    return doneBytes == totalBytes;
  }
}
