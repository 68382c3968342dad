package io.sampo.engines.modelstore.store;

import io.sampo.engines.modelstore.download.Credential;
import io.sampo.engines.modelstore.download.DownloadSettings;
import java.net.ProxySelector;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a store reaches the outside.
 *
 * @param endpoint Hugging Face or a mirror of it
 * @param token for the endpoint, sent nowhere else; null for none
 * @param hubCache where Hugging Face's own programs keep what they download; null to use nothing of
 *     it
 * @param proxies decides which proxy a request takes
 * @param download how downloads behave
 * @param lockDeadline how long to wait for another process that is busy with the same model
 */
public record StoreSettings(
    URI endpoint,
    @Nullable String token,
    @Nullable Path hubCache,
    ProxySelector proxies,
    DownloadSettings download,
    Duration lockDeadline) {

  public static final URI HUGGING_FACE = URI.create("https://huggingface.co");

  /** Hugging Face without a token or its cache, through the system's proxies. */
  public static StoreSettings defaults() {
    return new StoreSettings(
        HUGGING_FACE,
        null,
        null,
        ProxySelector.getDefault(),
        DownloadSettings.DEFAULTS,
        Duration.ofMinutes(30));
  }

  @Nullable Credential credential() {
    return token == null || token.isBlank() ? null : new Credential(endpoint, token.strip());
  }

  @Override
  public String toString() {
    return "StoreSettings[" + endpoint + "]";
  }
}
