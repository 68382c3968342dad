package io.sampo.ops.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * A file of the web page as one kind of listener gives it.
 *
 * @param name below the page's folder
 * @param tag changes with the bytes
 */
public record PageFile(String name, String tag, Door door) {

  private static final String INDEX = "index.html";
  private static final String MARK = "name=\"sampo-door\" content=\"";

  /** Whom a listener is for, and so which of its views the page can fill. */
  public enum Door {
    /** Has the chat. */
    CLIENTS("clients"),
    /** Has the cluster. */
    OPERATORS("operators");

    private final String word;

    Door(String word) {
      this.word = word;
    }

    /** As the page knows it. */
    String word() {
      return word;
    }
  }

  /** What a browser asks for. */
  public String path() {
    return isIndex() ? "/" : "/" + name;
  }

  /**
   * Whether the path changes with the bytes, so that a browser that has them need not ask again.
   */
  public boolean lasting() {
    return !isIndex();
  }

  /** By the name's end. */
  public String mediaType() {
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "html" -> "text/html; charset=UTF-8";
      case "js" -> "text/javascript; charset=UTF-8";
      case "css" -> "text/css; charset=UTF-8";
      case "svg" -> "image/svg+xml";
      default ->
          throw new IllegalStateException("the web page has a file of unknown kind: " + name);
    };
  }

  /** Read anew each time; the page is asked for rarely and browsers keep it. */
  public byte[] bytes() {
    byte[] stored = read(name);
    return isIndex() ? marked(stored) : stored;
  }

  private boolean isIndex() {
    return name.equals(INDEX);
  }

  /** The index tells the page where it is. */
  private byte[] marked(byte[] index) {
    return new String(index, UTF_8)
        .replace(MARK + Door.CLIENTS.word, MARK + door.word)
        .getBytes(UTF_8);
  }

  /**
   * @throws IllegalStateException when the build left it out
   */
  static byte[] read(String name) {
    try (InputStream in = PageFile.class.getResourceAsStream("page/" + name)) {
      if (in == null) {
        throw new IllegalStateException("the build left out the web page's " + name);
      }
      return in.readAllBytes();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
