package io.sampo.engines.modelstore.download;

/**
 * Hears how a download goes. Methods are called from several threads, one call at a time, and must
 * not block for long.
 */
public interface DownloadListener {

  /** For those who do not want to hear. */
  DownloadListener SILENT =
      new DownloadListener() {
        @Override
        public void onWaiting(String reason) {}

        @Override
        public void onProgress(DownloadProgress progress) {}
      };

  /**
   * Something must end before the download goes on.
   *
   * @param reason one line
   */
  void onWaiting(String reason);

  /** Called at the start, after each piece, and at the end. */
  void onProgress(DownloadProgress progress);
}
