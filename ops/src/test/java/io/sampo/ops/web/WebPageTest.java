package io.sampo.ops.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.ops.web.PageFile.Door;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class WebPageTest {

  private static String index(Door door) {
    PageFile index =
        WebPage.files(door).stream()
            .filter(file -> file.path().equals("/"))
            .findFirst()
            .orElseThrow();
    assertThat(index.lasting()).isFalse();
    return new String(index.bytes(), UTF_8);
  }

  @Test
  void theIndexTellsThePageWhoseListenerItIs() {
    assertThat(index(Door.CLIENTS)).contains("content=\"clients\"");
    assertThat(index(Door.OPERATORS))
        .contains("content=\"operators\"")
        .doesNotContain("content=\"clients\"");
    assertThat(WebPage.files(Door.CLIENTS).getLast().tag())
        .isNotEqualTo(WebPage.files(Door.OPERATORS).getLast().tag());
  }

  /** What a browser is told never to ask for again must have a name of its own bytes. */
  @Test
  void theIndexNamesEveryOtherFileByANameThatChangesWithItAndNothingElse() {
    List<PageFile> files = WebPage.files(Door.CLIENTS);
    Set<String> named = new HashSet<>();
    Pattern.compile("(?:src|href)=\"\\.([^\"]+)\"")
        .matcher(index(Door.CLIENTS))
        .results()
        .map((MatchResult found) -> found.group(1))
        .forEach(named::add);
    assertThat(files.stream().filter(PageFile::lasting).map(PageFile::path).toList())
        .containsExactlyInAnyOrderElementsOf(named)
        .allMatch(path -> path.matches("/assets/\\w+-[\\w-]{8}\\.(js|css|svg)"));
    assertThat(files).allMatch(file -> file.bytes().length > 0 && !file.mediaType().isEmpty());
  }

  @Test
  void nothingOfItStandsElsewhereOrInsideTheIndex() {
    assertThat(index(Door.CLIENTS))
        .doesNotContain("http:", "https:", "<style", " style=", "javascript:", " onload=")
        .doesNotContainPattern("<script(?![^>]* src=)");
  }
}
