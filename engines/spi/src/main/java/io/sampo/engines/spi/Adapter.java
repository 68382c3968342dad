package io.sampo.engines.spi;

import java.util.regex.Pattern;

/**
 * A LoRA adapter: a small file of changes to a model's weights, which a request names to be
 * answered with them (E. J. Hu et al., LoRA, 2021).
 *
 * @param name what requests call it
 * @param file its file, as a path on the engine's node
 * @param scale how strongly it changes the weights; 1 is as it was trained
 */
public record Adapter(String name, String file, float scale) {

  /** The rule for names, in words for people. */
  public static final String NAME_RULE =
      "must have 1 to 128 letters, digits or '._:/-' and begin with a letter or digit";

  /** The rule for scales, in words for people. */
  public static final String SCALE_RULE = "must be a number from -100 to 100";

  /** The largest scale either way. */
  public static final float MOST_SCALE = 100;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}");

  public Adapter {
    if (!named(name) || !scaled(scale)) {
      throw new IllegalArgumentException("adapter '" + name + "' of scale " + scale);
    }
  }

  public static boolean named(String name) {
    return NAME.matcher(name).matches();
  }

  public static boolean scaled(float scale) {
    return Math.abs(scale) <= MOST_SCALE;
  }
}
