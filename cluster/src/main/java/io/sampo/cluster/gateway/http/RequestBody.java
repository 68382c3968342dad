package io.sampo.cluster.gateway.http;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.json.Refusal;
import io.sampo.cluster.gateway.json.StrictJson;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.util.ByteString;
import tools.jackson.databind.node.ObjectNode;

/**
 * Takes in a JSON body as a whole. What is over the limit is still read for a while and thrown
 * away, because a client that is busy sending does not hear an early answer; then the connection
 * ends.
 */
public final class RequestBody {

  /** Of what is too large, this many times the limit is read before giving up. */
  private static final int PATIENCE = 4;

  private final int maxBytes;
  private final int maxChunks;
  private final Duration timeout;
  private final Materializer materializer;

  /**
   * Takes bodies within these limits.
   *
   * @param maxBytes the largest body
   * @param timeout from the head of the request to the end of its body
   */
  public RequestBody(int maxBytes, Duration timeout, Materializer materializer) {
    this.maxBytes = maxBytes;
    this.maxChunks = Math.max(1024, maxBytes / 64);
    this.timeout = timeout;
    this.materializer = materializer;
  }

  /**
   * The body of a request that must bring a JSON object; fails with a {@link Refusal} that says why
   * not.
   */
  public CompletionStage<ObjectNode> json(HttpRequest request) {
    checkType(request);
    return bytes(request).thenApply(StrictJson::object);
  }

  private CompletionStage<byte[]> bytes(HttpRequest request) {
    if (request.entity() instanceof HttpEntity.Strict strict) {
      return strict.getData().size() > maxBytes
          ? CompletableFuture.failedStage(tooLarge())
          : CompletableFuture.completedStage(strict.getData().toArray());
    }
    return request
        .entity()
        .withoutSizeLimit()
        .getDataBytes()
        .completionTimeout(timeout)
        .runFold(new Intake(), Intake::add, materializer)
        .handle(this::outcome);
  }

  private static void checkType(HttpRequest request) {
    var type = request.entity().getContentType().mediaType();
    boolean json = type.mainType().equals("application") && type.subType().equals("json");
    String encoding =
        request.getHeader("content-encoding").map(h -> h.value().strip()).orElse("identity");
    if (!json || !encoding.toLowerCase(Locale.ROOT).equals("identity")) {
      throw new Refusal(
          new Failure(
              ErrorCode.UNSUPPORTED_MEDIA_TYPE,
              "The body must be application/json without Content-Encoding.",
              null,
              0));
    }
  }

  private byte[] outcome(Intake intake, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof TimeoutException) {
      throw new Refusal(Failure.deadlineExceeded(timeout.toMillis(), "body"));
    } else if (cause instanceof Refusal refusal) {
      throw refusal;
    } else if (cause != null) {
      throw new Refusal(
          new Failure(ErrorCode.INVALID_JSON, "The request body ended too early.", null, 0));
    } else if (intake.tooLarge()) {
      throw tooLarge();
    }
    return intake.bytes.toByteArray();
  }

  private Refusal tooLarge() {
    return new Refusal(
        new Failure(
            ErrorCode.REQUEST_TOO_LARGE,
            "The request body is larger than " + maxBytes + " bytes.",
            null,
            0));
  }

  /** What has come so far. */
  private final class Intake {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long seen;
    private int chunks;

    Intake add(ByteString chunk) {
      seen += chunk.size();
      chunks++;
      if (!tooLarge()) {
        bytes.writeBytes(chunk.toArray());
      } else {
        bytes.reset();
      }
      if (seen > (long) maxBytes * PATIENCE || chunks > maxChunks * PATIENCE) {
        throw RequestBody.this.tooLarge();
      }
      return this;
    }

    boolean tooLarge() {
      return seen > maxBytes || chunks > maxChunks;
    }
  }
}
