package io.sampo.cluster.gateway;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.http.ApiKeys;
import io.sampo.cluster.gateway.http.ErrorMapper;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.HostPolicy;
import io.sampo.cluster.gateway.json.Refusal;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.Connection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses the route of a request, after the checks that hold for all of them: host, origin, key.
 * Whatever goes wrong behind it becomes an answer here.
 */
final class Dispatcher implements Function<Exchange, CompletionStage<HttpResponse>> {

  private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);
  private static final String MODELS = "/v1/models/";

  private static final HttpHeader CLOSE = Connection.create("close");

  private final BooleanSupplier draining;
  private final HostPolicy hosts;
  private final ApiKeys keys;
  private final ChatRoutes chat;
  private final CompletionRoutes completions;
  private final EmbeddingRoutes embeddings;
  private final ModelRoutes models;
  private final AdapterRoutes adapters;
  private final TokenRoutes tokens;
  private final HealthRoutes health;
  private final StatsRoute stats;

  /**
   * Serves these routes.
   *
   * @param draining whether connections are to end with their answers
   */
  Dispatcher(
      BooleanSupplier draining,
      HostPolicy hosts,
      ApiKeys keys,
      ChatRoutes chat,
      CompletionRoutes completions,
      EmbeddingRoutes embeddings,
      ModelRoutes models,
      AdapterRoutes adapters,
      TokenRoutes tokens,
      HealthRoutes health,
      StatsRoute stats) {
    this.draining = draining;
    this.hosts = hosts;
    this.keys = keys;
    this.chat = chat;
    this.completions = completions;
    this.embeddings = embeddings;
    this.models = models;
    this.adapters = adapters;
    this.tokens = tokens;
    this.health = health;
    this.stats = stats;
  }

  /** Never throws, and its stage never fails. */
  @Override
  public CompletionStage<HttpResponse> apply(Exchange exchange) {
    CompletionStage<HttpResponse> answer;
    try {
      answer = route(exchange);
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedStage(e);
    }
    return answer
        .exceptionally(failure -> refused(exchange, failure))
        .thenApply(exchange::stamp)
        .thenApply(response -> draining.getAsBoolean() ? response.addHeader(CLOSE) : response);
  }

  private CompletionStage<HttpResponse> route(Exchange exchange) {
    hosts.check(exchange.request());
    String path = exchange.request().getUri().path();
    CompletionStage<HttpResponse> open = openRoute(exchange, path);
    if (open != null) {
      return open;
    }
    keys.check(exchange.request());
    return switch (path) {
      case "/v1/chat/completions" -> post(exchange, chat::chat);
      case "/v1/completions" -> post(exchange, completions::complete);
      case "/v1/embeddings" -> post(exchange, embeddings::embed);
      case "/v1/rerank", "/rerank" -> post(exchange, embeddings::rank);
      case "/infill" -> post(exchange, completions::infill);
      case "/v1/load_lora_adapter" -> post(exchange, adapters::load);
      case "/v1/unload_lora_adapter" -> post(exchange, adapters::unload);
      case "/tokenize" -> post(exchange, tokens::tokenize);
      case "/detokenize" -> post(exchange, tokens::detokenize);
      case "/v1/models" -> get(exchange, models.list());
      case "/stats" -> get(exchange, stats.stats());
      default -> {
        if (path.startsWith(MODELS) && path.length() > MODELS.length()) {
          String name = path.substring(MODELS.length());
          yield get(exchange, models.one(URLDecoder.decode(name, StandardCharsets.UTF_8)));
        }
        throw new Refusal(
            new Failure(ErrorCode.NOT_FOUND, "There is nothing at this path.", null, 0));
      }
    };
  }

  /** The routes that need no key, or null for any other. */
  private @Nullable CompletionStage<HttpResponse> openRoute(Exchange exchange, String path) {
    return switch (path) {
      case "/health", "/ready" -> get(exchange, health.ready());
      case "/live" -> get(exchange, health.live());
      case "/version" -> get(exchange, health.version());
      default -> null;
    };
  }

  private static CompletionStage<HttpResponse> get(Exchange exchange, HttpResponse answer) {
    checkMethod(exchange, "GET");
    return CompletableFuture.completedStage(answer);
  }

  private static CompletionStage<HttpResponse> post(
      Exchange exchange, Function<Exchange, CompletionStage<HttpResponse>> route) {
    checkMethod(exchange, "POST");
    return route.apply(exchange);
  }

  private static void checkMethod(Exchange exchange, String allowed) {
    if (!exchange.request().method().name().equals(allowed)) {
      exchange.answerHeader("allow", allowed);
      throw new Refusal(
          new Failure(
              ErrorCode.METHOD_NOT_ALLOWED, "This path answers " + allowed + " only.", null, 0));
    }
  }

  private static HttpResponse refused(Exchange exchange, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof Refusal refusal) {
      return ErrorMapper.response(refusal.failure());
    }
    log.error("Request {} failed", exchange.id(), cause);
    return ErrorMapper.response(Failure.internal(exchange.id()));
  }
}
