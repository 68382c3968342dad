package io.sampo.cluster.node;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;

/** The versions this build was made of. */
public final class Versions {

  private static final String RESOURCE = "/io/sampo/cluster/versions.properties";

  private Versions() {}

  /** By name, in the order to show: Sampo, llama.cpp, Pekko, Pekko HTTP, Java. */
  public static Map<String, String> all() {
    Properties built = new Properties();
    try (InputStream in = Objects.requireNonNull(Versions.class.getResourceAsStream(RESOURCE))) {
      built.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, String> versions = new LinkedHashMap<>();
    for (String name : new String[] {"sampo", "llama.cpp", "pekko", "pekko-http"}) {
      versions.put(name, built.getProperty(name, "unknown"));
    }
    versions.put("java", Runtime.version() + " (" + System.getProperty("java.vendor") + ")");
    return versions;
  }
}
