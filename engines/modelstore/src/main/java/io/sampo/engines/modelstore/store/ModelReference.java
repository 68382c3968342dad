package io.sampo.engines.modelstore.store;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import io.sampo.engines.modelstore.stories.StoriesModel;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What people write to name a model. */
public sealed interface ModelReference {

  /** The name the model is kept, listed and removed by. */
  String name();

  /** The default model, made on this machine. */
  record Stories() implements ModelReference {
    @Override
    public String name() {
      return StoriesModel.NAME;
    }
  }

  /** A GGUF file that is used where it lies. */
  record LocalFile(Path file) implements ModelReference {
    @Override
    public String name() {
      return file.toString();
    }
  }

  /** A GGUF file on some server. */
  record WebFile(URI address) implements ModelReference {
    @Override
    public String name() {
      return address.toString();
    }
  }

  /**
   * A model in a repository of Hugging Face.
   *
   * @param repository owner and name, {@code org/repo}
   * @param quantization upper case, for example {@code Q4_K_M}; null for the default
   * @param file a path in the repository; null to choose by quantization
   */
  record HuggingFace(String repository, @Nullable String quantization, @Nullable String file)
      implements ModelReference {
    @Override
    public String name() {
      return "hf:"
          + repository
          + (quantization == null ? "" : ":" + quantization)
          + (file == null ? "" : "/" + file);
    }
  }

  /**
   * Reads a reference: {@code stories15m}, a path to a GGUF file, {@code https://…}, or {@code
   * hf:org/repo[:QUANT][/file]}, where {@code hf:} may be left out unless a file of that name
   * exists.
   *
   * @throws ModelStoreException INVALID_MODEL_ID when it is none of these
   */
  static ModelReference parse(String text) throws ModelStoreException {
    if (text.equalsIgnoreCase(StoriesModel.NAME)) {
      return new Stories();
    }
    if (text.startsWith("https://") || text.startsWith("http://")) {
      return webFile(text);
    }
    if (text.startsWith("hf:")) {
      return huggingFace(text, text.substring("hf:".length()));
    }
    Path path = path(text);
    if (Files.isRegularFile(path) || looksLikeAPath(text)) {
      return new LocalFile(path);
    }
    return huggingFace(text, text);
  }

  private static boolean looksLikeAPath(String text) {
    return text.startsWith("/")
        || text.startsWith("./")
        || text.startsWith("../")
        || (text.endsWith(".gguf") && text.chars().filter(c -> c == '/').count() < 2);
  }

  private static Path path(String text) throws ModelStoreException {
    try {
      return Path.of(text);
    } catch (InvalidPathException broken) {
      throw invalid(text);
    }
  }

  private static WebFile webFile(String text) throws ModelStoreException {
    try {
      URI address = new URI(text);
      if (address.getHost() == null || address.getRawUserInfo() != null) {
        throw invalid(text);
      }
      return new WebFile(address);
    } catch (URISyntaxException broken) {
      throw invalid(text);
    }
  }

  private static HuggingFace huggingFace(String text, String id) throws ModelStoreException {
    String part = "[A-Za-z0-9][A-Za-z0-9._-]{0,95}";
    Pattern pattern =
        Pattern.compile(
            "(?<repo>"
                + part
                + "/"
                + part
                + ")(?::(?<quant>"
                + part
                + "))?(?:/(?<file>"
                + part
                + "(?:/"
                + part
                + "){0,7}))?");
    Matcher matcher = pattern.matcher(id);
    if (!matcher.matches()) {
      throw invalid(text);
    }
    String quantization = matcher.group("quant");
    return new HuggingFace(
        matcher.group("repo"),
        quantization == null ? null : quantization.toUpperCase(Locale.ROOT),
        matcher.group("file"));
  }

  private static ModelStoreException invalid(String text) {
    String shown = text.length() > 100 ? text.substring(0, 100) + "…" : text;
    return new ModelStoreException(
        Kind.INVALID_MODEL_ID,
        "'"
            + shown.replaceAll("\\p{Cntrl}", "?")
            + "' names no model: give "
            + StoriesModel.NAME
            + ", a path to a GGUF file, https://…, or hf:org/repo[:QUANT]");
  }
}
