package io.sampo.ops.requests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.ops.requests.RequestStats.Finish;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is counted of a request, and when. */
class RequestProgressTest {

  private static final long MILLI = 1_000_000;

  private final RunningRequests requests = new RunningRequests();

  private RequestProgress begin(String id) {
    return requests.begin(new RequestNames(id, "default", "m", null, null), 2);
  }

  private RequestStats stats() {
    return requests.stats().getOrDefault("m", new RequestStats());
  }

  private static long total(Histogram histogram) {
    return Arrays.stream(histogram.counts()).sum();
  }

  @Test
  void countsTheFirstPieceOnceAndTheGapsOfEachAnswer() {
    RequestProgress request = begin("r");
    long now = System.nanoTime();
    request.started(10, 4, "m#0", now);
    request.piece(0, now + 5 * MILLI);
    request.piece(1, now + 6 * MILLI);
    request.piece(0, now + 25 * MILLI);
    request.answered(false);
    request.answered(true);
    request.completed(10, 4, 3, now + 30 * MILLI);
    assertThat(total(stats().timeToFirstToken)).isEqualTo(1);
    assertThat(total(stats().interTokenLatency)).isEqualTo(1);
    assertThat(stats().interTokenLatency.sum()).isEqualTo(20 * MILLI);
    assertThat(stats().count(Finish.STOP)).isEqualTo(1);
    assertThat(stats().count(Finish.LENGTH)).isEqualTo(1);
    assertThat(stats().promptTokens()).isEqualTo(10);
    assertThat(stats().cachedTokens()).isEqualTo(4);
    assertThat(stats().generatedTokens()).isEqualTo(3);
    assertThat(requests.running()).isEmpty();
  }

  @Test
  void endsOnceHoweverOftenItIsTold() {
    RequestProgress request = begin("r");
    request.failed(ErrorCode.INTERNAL_ERROR, System.nanoTime());
    request.over(System.nanoTime());
    request.completed(1, 0, 1, System.nanoTime());
    assertThat(stats().count(Finish.ERROR)).isEqualTo(1);
    assertThat(stats().count(Finish.ABORT)).isZero();
    assertThat(stats().count(ErrorCode.INTERNAL_ERROR)).isEqualTo(1);
    assertThat(total(stats().endToEnd)).isEqualTo(1);
  }

  @Test
  void anOperatorEndsThoseThatBearTheIdAndNoOthers() {
    List<String> ended = new ArrayList<>();
    for (String id : List.of("a", "b", "a")) {
      begin(id).cancelledBy(failure -> ended.add(id + " " + failure.code()));
    }
    Failure failure = new Failure(ErrorCode.REQUEST_CANCELLED, "x", null, 0);
    assertThat(requests.cancel("a", failure)).isEqualTo(2);
    assertThat(ended).containsExactly("a REQUEST_CANCELLED", "a REQUEST_CANCELLED");
  }

  @Test
  void keepsFiguresOfABoundedNumberOfModels() {
    for (int i = 0; i < 1000; i++) {
      requests.begin(new RequestNames("r", "default", "model-" + i, null, null), 1);
    }
    assertThat(requests.stats()).hasSize(65).containsKey(RunningRequests.OTHERS);
  }
}
