package io.sampo.ops.jmx;

import io.sampo.ops.admin.AdminApi.EventView;
import javax.management.openmbean.CompositeData;
import javax.management.openmbean.CompositeDataSupport;
import javax.management.openmbean.CompositeType;
import javax.management.openmbean.OpenDataException;
import javax.management.openmbean.OpenType;
import javax.management.openmbean.SimpleType;

/** Events as open data, which clients read without Sampo's classes. */
final class OpenData {

  private static final String[] NAMES = {
    "node", "sequence", "timeMillis", "kind", "subject", "text"
  };
  private static final OpenType<?>[] TYPES = {
    SimpleType.STRING,
    SimpleType.LONG,
    SimpleType.LONG,
    SimpleType.STRING,
    SimpleType.STRING,
    SimpleType.STRING
  };

  private OpenData() {}

  static CompositeData of(EventView event) {
    try {
      CompositeType type =
          new CompositeType(EventView.class.getName(), "What happened.", NAMES, NAMES, TYPES);
      return new CompositeDataSupport(
          type,
          NAMES,
          new Object[] {
            event.node(),
            event.sequence(),
            event.timeMillis(),
            event.kind(),
            event.subject(),
            event.text()
          });
    } catch (OpenDataException wrong) {
      throw new IllegalStateException("an event is six simple values", wrong);
    }
  }
}
