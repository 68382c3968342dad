package io.sampo.cluster.gateway.feed;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Up to where a client knows a store's events. As text it is the {@code id} of a server-sent event,
 * which clients send back as {@code Last-Event-ID}: epoch and next number, with a dash between.
 *
 * @param epoch of the events that it knows; negative for none
 * @param next the number of the first one that it does not
 */
public record FeedPosition(long epoch, long next) {

  /** Knows nothing, so it is told everything. */
  public static final FeedPosition NOTHING = new FeedPosition(-1, 0);

  private static final Pattern TEXT = Pattern.compile("(\\d{1,18})-(\\d{1,18})");

  /**
   * Reads what {@link #toString} wrote.
   *
   * @throws IllegalArgumentException when it is nothing of that kind
   */
  public static FeedPosition parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("an event's id is two numbers with a dash between");
    }
    return new FeedPosition(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
  }

  @Override
  public String toString() {
    return epoch + "-" + next;
  }
}
