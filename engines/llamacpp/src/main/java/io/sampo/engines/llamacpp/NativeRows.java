package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeContext;
import java.util.List;

/** What a lineup decides, said to the native context: the cells that change and a step's rows. */
record NativeRows(NativeContext context) implements PrefixCache.Cells {

  @Override
  public void share(int from, int to, int tokens) {
    context.share(from, to, tokens);
  }

  @Override
  public void forget(int sequence, int from) {
    if (!context.forget(sequence, from)) {
      throw new IllegalStateException("the model's state cannot be cut at " + from);
    }
  }

  /** Writes the rows of the planned step: those of answers, then those of prompts. */
  void fill(Lineup lineup) {
    context.clear();
    fill(lineup, true);
    if (lineup.computesApart()) {
      context.endPass();
    }
    fill(lineup, false);
  }

  private void fill(Lineup lineup, boolean answers) {
    List<Sequence> running = lineup.running();
    for (int i = 0; i < running.size(); i++) {
      if (running.get(i).answers() == answers) {
        fill(running.get(i), lineup.rows(i));
      }
    }
  }

  private void fill(Sequence sequence, int rows) {
    int end = sequence.computed() + rows;
    for (int position = sequence.computed(); position < end; position++) {
      int token = sequence.tokenAt(position);
      int ahead = position - (sequence.length() - 1);
      if (ahead < 0) {
        context.add(token, position, sequence.slot());
      } else {
        context.addAndChoose(
            token, position, sequence.slot(), sequence.sampler(), sequence.nextIndex() + ahead);
      }
    }
  }
}
