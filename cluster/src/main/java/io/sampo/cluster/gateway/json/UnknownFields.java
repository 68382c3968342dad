package io.sampo.cluster.gateway.json;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fields that clients send and this server ignores: counted, and named in the log once each.
 *
 * <p>Invariant: it remembers at most {@link #MAX_NAMES} names, whatever is sent.
 */
public final class UnknownFields {

  static final int MAX_NAMES = 256;

  private static final Logger log = LoggerFactory.getLogger(UnknownFields.class);
  private static final Pattern PRINTABLE = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

  private final Set<String> named = ConcurrentHashMap.newKeySet();
  private final LongAdder ignored = new LongAdder();

  public void ignore(List<String> names) {
    for (String name : names) {
      ignored.increment();
      if (PRINTABLE.matcher(name).matches() && named.size() < MAX_NAMES && named.add(name)) {
        log.info("Requests carry the field '{}', which this server ignores.", name);
      }
    }
  }

  /** How many fields were ignored since the start. */
  public long ignored() {
    return ignored.sum();
  }
}
