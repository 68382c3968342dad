package io.sampo.ops.console;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Plain columns, parted by two spaces; numbers stand to the right. */
final class Table {

  private final List<String[]> rows = new ArrayList<>();

  Table(String... heads) {
    rows.add(heads);
  }

  /** Adds a line of as many cells as there are heads. */
  Table row(Object... cells) {
    rows.add(Arrays.stream(cells).map(String::valueOf).map(Table::plain).toArray(String[]::new));
    return this;
  }

  /** What others have named must not speak to the terminal. */
  private static String plain(String text) {
    return text.chars().anyMatch(Character::isISOControl)
        ? text.replaceAll("\\p{Cntrl}", "?")
        : text;
  }

  void print(PrintStream out) {
    lines().forEach(out::println);
  }

  List<String> lines() {
    int columns = rows.getFirst().length;
    int[] widths = new int[columns];
    boolean[] numbers = new boolean[columns];
    for (int column = 0; column < columns; column++) {
      int at = column;
      widths[column] = rows.stream().mapToInt(row -> row[at].length()).max().orElse(0);
      numbers[column] =
          rows.size() > 1
              && IntStream.range(1, rows.size())
                  .allMatch(i -> rows.get(i)[at].matches("-?[\\d.]+[%KMGT]?|-"));
    }
    return rows.stream().map(row -> line(row, widths, numbers)).toList();
  }

  private static String line(String[] row, int[] widths, boolean[] numbers) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < row.length; column++) {
      String space = " ".repeat(widths[column] - row[column].length());
      line.append(column == 0 ? "" : "  ");
      line.append(numbers[column] ? space + row[column] : row[column] + space);
    }
    return line.toString().stripTrailing();
  }
}
