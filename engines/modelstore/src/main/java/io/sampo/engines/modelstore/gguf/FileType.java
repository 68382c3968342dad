package io.sampo.engines.modelstore.gguf;

/** The names of llama.cpp's kinds of quantized files, by the number under general.file_type. */
final class FileType {

  private static final String[] NAMES = new String[42];

  static {
    String[] first = {"F32", "F16", "Q4_0", "Q4_1"};
    System.arraycopy(first, 0, NAMES, 0, first.length);
    String[] middle = {
      "Q8_0", "Q5_0", "Q5_1", "Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S",
      "Q5_K_M", "Q6_K", "IQ2_XXS", "IQ2_XS", "Q2_K_S", "IQ3_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL",
      "IQ3_S", "IQ3_M", "IQ2_S", "IQ2_M", "IQ4_XS", "IQ1_M", "BF16"
    };
    System.arraycopy(middle, 0, NAMES, 7, middle.length);
    String[] last = {"TQ1_0", "TQ2_0", "MXFP4_MOE", "NVFP4", "Q1_0", "Q2_0"};
    System.arraycopy(last, 0, NAMES, 36, last.length);
  }

  private FileType() {}

  /** The name of a kind, or an empty text when the number is unknown. */
  static String name(long id) {
    if (id < 0 || id >= NAMES.length || NAMES[(int) id] == null) {
      return "";
    }
    return NAMES[(int) id];
  }
}
