package io.sampo.cluster.gateway.decode;

import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.Refusal;
import io.sampo.engines.spi.KvScope;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** With whom a request shares KV: {@code cache_salt}, and the header {@code X-Sampo-Cache}. */
final class CacheFields {

  private static final Pattern SALT = Pattern.compile("[A-Za-z0-9_-]{1,64}");

  private CacheFields() {}

  static KvScope decode(Fields fields, Function<String, Optional<String>> header) {
    String salt = fields.text("cache_salt");
    if (salt != null && !SALT.matcher(salt).matches()) {
      throw fields.refuse(
          "cache_salt", "must have 1 to 64 characters, each a letter, a digit, '-' or '_'");
    }
    String wish = header.apply("x-sampo-cache").orElse(null);
    if (wish != null && !wish.strip().equals("bypass")) {
      throw Refusal.invalidValue("X-Sampo-Cache", "must be bypass, or left out");
    }
    if (wish != null) {
      return KvScope.ALONE;
    }
    return salt == null ? KvScope.COMMON : KvScope.of(salt);
  }
}
