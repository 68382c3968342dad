package io.sampo.actors.generation;

import io.sampo.actors.generation.GenerationRequest.Gap;
import io.sampo.actors.generation.GenerationRequest.ProjectFile;
import io.sampo.engines.spi.FillInTokens;
import io.sampo.engines.spi.TextCodec;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The tokens that ask a model to fill a gap: what precedes it, what follows it, then the place for
 * what fills it, each behind its mark. A project's other files stand before that, as Qwen's coders
 * were taught (arXiv 2409.12186); order and names are llama-server's.
 *
 * <p>Marks are put in as tokens and texts are never read for them, so no text can forge one.
 */
final class GapPrompt {

  private static final String PROJECT = "myproject\n";
  private static final String FILE = "filename\n";

  /** Between files where the model has no mark for them. */
  private static final String SNIPPET = "\n\n--- snippet ---\n\n";

  private final TextCodec text;
  private final FillInTokens marks;
  private final IntStream.Builder ids = IntStream.builder();

  private GapPrompt(TextCodec text) {
    this.text = text;
    this.marks = text.fillInTokens();
  }

  /** For a model that has the three marks of a gap. */
  static int[] ids(Gap gap, TextCodec text) {
    GapPrompt prompt = new GapPrompt(text);
    List<ProjectFile> files = gap.files();
    if (files != null) {
      prompt.project(files);
    }
    prompt
        .mark(prompt.marks.begin())
        .mark(prompt.marks.prefix())
        .text(gap.before())
        .text(gap.begun())
        .mark(prompt.marks.suffix())
        .text(gap.after())
        .mark(prompt.marks.middle());
    return prompt.ids.build().toArray();
  }

  private void project(List<ProjectFile> files) {
    if (marks.repository() >= 0) {
      mark(marks.repository()).text(PROJECT);
    }
    for (ProjectFile file : files) {
      if (marks.file() >= 0) {
        mark(marks.file()).text(file.name() + "\n");
      } else {
        text(SNIPPET);
      }
      text(file.text());
    }
    if (marks.file() >= 0) {
      mark(marks.file()).text(FILE);
    }
  }

  private GapPrompt mark(int token) {
    if (token >= 0) {
      ids.add(token);
    }
    return this;
  }

  private GapPrompt text(String part) {
    if (!part.isEmpty()) {
      for (int id : text.tokenize(part, false, false)) {
        ids.add(id);
      }
    }
    return this;
  }
}
