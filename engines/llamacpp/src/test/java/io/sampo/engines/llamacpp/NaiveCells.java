package io.sampo.engines.llamacpp;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Cells as plain objects: each sequence a list of those it holds, each of which knows its token.
 */
final class NaiveCells implements PrefixCache.Cells {

  /** Not a record: two cells with the same token are two cells. */
  private static final class Cell {
    private final int token;

    private Cell(int token) {
      this.token = token;
    }
  }

  private final Map<Integer, List<Cell>> sequences = new HashMap<>();

  private List<Cell> of(int sequence) {
    return sequences.computeIfAbsent(sequence, _ -> new ArrayList<>());
  }

  @Override
  public void share(int from, int to, int tokens) {
    if (!of(to).isEmpty() || tokens > of(from).size()) {
      throw new AssertionError("a share that the native context would not survive");
    }
    of(to).addAll(of(from).subList(0, tokens));
  }

  @Override
  public void forget(int sequence, int from) {
    if (from < of(sequence).size()) {
      of(sequence).subList(from, of(sequence).size()).clear();
    }
  }

  void compute(int sequence, int token) {
    of(sequence).add(new Cell(token));
  }

  int[] tokens(int sequence) {
    return of(sequence).stream().mapToInt(cell -> cell.token).toArray();
  }

  /** How many different cells some sequences hold. */
  int held(Iterable<Integer> by) {
    Set<Cell> different = new HashSet<>();
    by.forEach(sequence -> different.addAll(of(sequence)));
    return different.size();
  }

  int held() {
    return held(List.copyOf(sequences.keySet()));
  }
}
