package io.sampo.engines.modelstore.download;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import java.net.URI;

/** What a status that is no success means for someone who wants a model. */
final class HttpFailure {

  private HttpFailure() {}

  static ModelStoreException of(int status, URI address, boolean hasToken) {
    String where = address.getHost() + address.getRawPath();
    return switch (status) {
      case 401, 403 ->
          new ModelStoreException(
              Kind.ACCESS_DENIED,
              where
                  + (hasToken
                      ? " refuses the token in HF_TOKEN: accept the model's terms on its page, or"
                          + " use another token"
                      : " wants a token: set HF_TOKEN, or check the name")
                  + " (HTTP "
                  + status
                  + ")");
      case 404, 410 ->
          new ModelStoreException(
              Kind.NOT_FOUND, where + " does not exist: check the name (HTTP " + status + ")");
      case 416 ->
          new ModelStoreException(Kind.SOURCE_INVALID, where + " changed its size (HTTP 416)");
      default ->
          new ModelStoreException(
              status == 429 || status >= 500 ? Kind.SOURCE_UNREACHABLE : Kind.SOURCE_INVALID,
              where + " answers HTTP " + status + "; try again later");
    };
  }
}
