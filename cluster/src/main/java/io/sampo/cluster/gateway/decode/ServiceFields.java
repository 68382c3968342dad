package io.sampo.cluster.gateway.decode;

import io.sampo.actors.wire.ServiceClass;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.Refusal;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a request is promised: the header {@code X-Sampo-Class}, interactive or batch, or OpenAI's
 * {@code service_tier}, whose {@code flex} is what we call batch.
 */
final class ServiceFields {

  private ServiceFields() {}

  static ServiceClass decode(Fields fields, Function<String, Optional<String>> header) {
    String tier = fields.text("service_tier");
    String named = header.apply("x-sampo-class").orElse(null);
    if (named == null) {
      return "flex".equals(tier) ? ServiceClass.BATCH : ServiceClass.INTERACTIVE;
    }
    return switch (named) {
      case "interactive" -> ServiceClass.INTERACTIVE;
      case "batch" -> ServiceClass.BATCH;
      default ->
          throw Refusal.invalidValue("X-Sampo-Class", "must be interactive or batch, or left out");
    };
  }
}
