package io.sampo.ops.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;

/** The web page of each kind of listener, as the build left it in the jar. */
public final class WebPage {

  /** Written by the build: a tag and a name in each line. */
  private static final String LIST = "files";

  private WebPage() {}

  /**
   * All there is of it.
   *
   * @throws IllegalStateException when the build left out the page
   */
  public static List<PageFile> files(PageFile.Door door) {
    return new String(PageFile.read(LIST), UTF_8)
        .lines()
        .map(line -> line.split("  ", 2))
        .map(words -> new PageFile(words[1], words[0] + "-" + door.word(), door))
        .toList();
  }
}
