package io.sampo.engines.modelstore.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import io.sampo.engines.modelstore.download.DownloadListener;
import io.sampo.engines.modelstore.download.DownloadProgress;
import io.sampo.engines.modelstore.download.DownloadSettings;
import io.sampo.engines.modelstore.download.FileServer;
import io.sampo.engines.modelstore.download.FileServer.Request;
import io.sampo.engines.modelstore.download.Sha256;
import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.GgufRejectedException;
import io.sampo.engines.modelstore.gguf.GgufValidator;
import io.sampo.engines.modelstore.gguf.GgufWriter;
import io.sampo.engines.modelstore.stories.StoriesModel;
import io.sampo.engines.modelstore.synthetic.SyntheticModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ProxySelector;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ModelStoreTest {

  private static final String TREE = "/api/models/org/repo/tree/main";

  @TempDir Path folder;
  private Path root;
  private FileServer hub;
  private FileServer cdn;
  private ModelStore store;
  private byte[] model;

  /** A file in the hub's repository. */
  private record Listed(String path, byte[] bytes) {}

  @BeforeEach
  void start() throws IOException {
    root = folder.resolve("models");
    hub = new FileServer();
    cdn = new FileServer();
    store = new ModelStore(root, settings(Duration.ofSeconds(60)));
    Path tiny = folder.resolve("tiny.gguf");
    SyntheticModel.writeTiny(tiny);
    model = Files.readAllBytes(tiny);
  }

  @AfterEach
  void stop() {
    hub.close();
    cdn.close();
  }

  @Test
  void keepsAModelOfTheHubByItsContent() throws Exception {
    publish(new Listed("m-Q8_0.gguf", tagged("q8")), new Listed("sub/m.q4_k_m.gguf", model));
    StoredModel pulled = store.resolve(reference("hf:org/repo"), DownloadListener.SILENT);
    String sha256 = Sha256.of(ByteBuffer.wrap(model));
    assertThat(pulled.digest()).isEqualTo("sha256:" + sha256);
    assertThat(pulled.file()).hasBinaryContent(model).hasFileName("sha256-" + sha256);
    assertThat(store.list()).containsExactly(pulled);
    assertThat(hub.requests()).extracting(Request::authorization).containsOnly("Bearer secret");
    assertThat(cdn.requests()).extracting(Request::authorization).containsOnly("");
    store.verify("hf:org/repo");
  }

  @Test
  void fetchesNothingThatIsThereAlready() throws Exception {
    publish(new Listed("m-Q4_K_M.gguf", model));
    StoredModel first = store.pull(reference("hf:org/repo"), DownloadListener.SILENT);
    cdn.forgetRequests();
    assertThat(store.pull(reference("hf:org/repo:q4_k_m"), DownloadListener.SILENT).file())
        .isEqualTo(first.file());
    assertThat(cdn.requests()).isEmpty();
    hub.forgetRequests();
    assertThat(store.resolve(reference("hf:org/repo"), DownloadListener.SILENT)).isEqualTo(first);
    assertThat(hub.requests()).isEmpty();
  }

  @Test
  void removesAFileOnlyWhenNoModelIsMadeOfItAnyMore() throws Exception {
    publish(new Listed("m-Q4_K_M.gguf", model));
    Path file = store.pull(reference("hf:org/repo"), DownloadListener.SILENT).file();
    store.pull(reference("hf:org/repo:Q4_K_M"), DownloadListener.SILENT);
    assertThat(store.remove("hf:org/repo")).isTrue();
    assertThat(file).exists();
    assertThat(store.remove("hf:org/repo:Q4_K_M")).isTrue();
    assertThat(file).doesNotExist();
    assertThat(store.remove("hf:org/repo")).isFalse();
    assertThat(store.list()).isEmpty();
  }

  @Test
  void takesAModelFromTheCacheOfHuggingFaceWithoutTheNetworkAndLeavesItThere() throws Exception {
    Path blob = cache("m-Q4_K_M.gguf", sha256(model), model);
    StoredModel stored = store.resolve(reference("hf:org/repo"), DownloadListener.SILENT);
    assertThat(stored.file()).hasBinaryContent(model).hasFileName("sha256-" + sha256(model));
    assertThat(store.remove("hf:org/repo")).isTrue();
    assertThat(blob).hasBinaryContent(model);
    assertThat(cacheFiles()).hasSize(3);
    assertThat(hub.requests()).isEmpty();
    publish(new Listed("m-Q4_K_M.gguf", model));
    store.pull(reference("hf:org/repo"), DownloadListener.SILENT);
    assertThat(hub.requests()).extracting(Request::path).containsExactly(TREE);
    assertThat(cdn.requests()).isEmpty();
  }

  @Test
  void takesNothingFromTheCacheThatIsNotWhatItsNameSays() throws Exception {
    publish(new Listed("m-Q4_K_M.gguf", model));
    byte[] damaged = model.clone();
    damaged[damaged.length - 1] ^= 1;
    Path blob = cache("m-Q4_K_M.gguf", sha256(model), damaged);
    assertThat(store.resolve(reference("hf:org/repo"), DownloadListener.SILENT).file())
        .hasBinaryContent(model);
    assertThat(blob).hasBinaryContent(damaged);
  }

  @Test
  void asksTheHubForWhatTheCacheDoesNotHave() throws Exception {
    cache("m-Q8_0.gguf", sha256(model), model);
    publish(new Listed("m-Q8_0.gguf", model), new Listed("m-Q4_K_M.gguf", tagged("q4")));
    assertThat(store.resolve(reference("hf:org/repo"), DownloadListener.SILENT).file())
        .hasBinaryContent(tagged("q4"));
    hub.forgetRequests();
    assertThat(store.resolve(reference("hf:org/repo:Q8_0"), DownloadListener.SILENT).file())
        .hasBinaryContent(model);
    assertThat(hub.requests()).isEmpty();
  }

  @Test
  void bringsTheNewVersionOfAFileOnTheWeb() throws Exception {
    cdn.put("/m.gguf", model, "\"v1\"");
    ModelReference web = reference(cdn.address("/m.gguf").toString());
    Path old = store.pull(web, DownloadListener.SILENT).file();
    cdn.forgetRequests();
    store.pull(web, DownloadListener.SILENT);
    assertThat(cdn.requests()).hasSize(1).extracting(Request::authorization).containsOnly("");
    cdn.put("/m.gguf", tagged("new"), "\"v2\"");
    assertThat(store.pull(web, DownloadListener.SILENT).file()).hasBinaryContent(tagged("new"));
    assertThat(old).doesNotExist();
  }

  @Test
  void laysTheFilesOfASplitModelBesideEachOther() throws Exception {
    publish(
        new Listed("m-Q4_K_M-00001-of-00002.gguf", shard(0)),
        new Listed("m-Q4_K_M-00002-of-00002.gguf", shard(1)));
    StoredModel split = store.pull(reference("hf:org/repo"), DownloadListener.SILENT);
    assertThat(split.file()).hasFileName("model-00001-of-00002.gguf");
    assertThat(GgufValidator.validate(split.file()).weightBytes()).isEqualTo(64);
    assertThat(split.bytes()).isEqualTo(shard(0).length + shard(1).length);
    store.remove(split.name());
    assertThat(files("blobs")).isEmpty();
    assertThat(files("splits")).isEmpty();
  }

  @Test
  void saysWhatARepositoryHasInstead() {
    publish(new Listed("m-Q8_0.gguf", model), new Listed("mmproj-Q4_K_M.gguf", model));
    ModelStoreException missing = failure("hf:org/repo:Q2_K");
    assertThat(missing.kind()).isEqualTo(Kind.NOT_FOUND);
    assertThat(missing).hasMessage("org/repo has no Q2_K; it has m-Q8_0.gguf");
    assertThat(failure("hf:org/other")).hasMessageContaining("does not exist");
    publish(new Listed("model.safetensors", model));
    assertThat(failure("hf:org/repo")).hasMessageContaining("has no GGUF file");
  }

  @Test
  void keepsNothingThatIsNoModel() {
    cdn.put("/page", "<html>Please log in</html>".getBytes(StandardCharsets.UTF_8), "");
    assertThatThrownBy(
            () -> store.pull(reference(cdn.address("/page").toString()), DownloadListener.SILENT))
        .isInstanceOf(GgufRejectedException.class)
        .hasMessage("GGUF rejected: magic must be GGUF at header");
    assertThat(files("blobs")).isEmpty();
    assertThat(files("manifests")).isEmpty();
  }

  @Test
  void refusesContentThatIsNotWhatTheHubAnnounced() {
    publish(new Listed("m-Q4_K_M.gguf", model));
    byte[] tampered = model.clone();
    tampered[tampered.length - 1] ^= 1;
    cdn.put("/m-Q4_K_M.gguf", tampered, "\"v\"");
    assertThat(failure("hf:org/repo").kind()).isEqualTo(Kind.DIGEST_MISMATCH);
    assertThat(files("partial")).isEmpty();
    assertThat(files("blobs")).isEmpty();
  }

  @Test
  void removesAModelThatWasDamagedOnDisk() throws Exception {
    cdn.put("/m.gguf", model, "");
    StoredModel stored =
        store.pull(reference(cdn.address("/m.gguf").toString()), DownloadListener.SILENT);
    Files.write(stored.file(), Arrays.copyOf(model, model.length - 1));
    assertThatThrownBy(() -> store.verify(stored.name())).hasMessageContaining("was damaged");
    assertThat(stored.file()).doesNotExist();
    assertThat(store.list()).isEmpty();
  }

  @Test
  void waitsForAnotherProcessOnlySoLong() throws Exception {
    ModelReference reference = reference("hf:org/repo");
    Blobs blobs = new Blobs(root);
    blobs.createFolders();
    List<String> heard = new ArrayList<>();
    try (StoreLock _ =
        StoreLock.acquire(
            blobs.lock(reference.name()), "", Duration.ZERO, DownloadListener.SILENT)) {
      ModelStore impatient = new ModelStore(root, settings(Duration.ZERO));
      assertThatThrownBy(() -> impatient.pull(reference, waiting(heard)))
          .hasMessageContaining("another process has been busy with hf:org/repo");
    }
    assertThat(heard).containsExactly("another process is busy with hf:org/repo; waiting for it");
  }

  @Test
  void usesALocalFileWhereItLies() throws Exception {
    Path file = folder.resolve("tiny.gguf");
    StoredModel local = store.resolve(reference(file.toString()), DownloadListener.SILENT);
    assertThat(local.file()).isEqualTo(file);
    assertThat(root).doesNotExist();
    assertThat(failure("./no-such.gguf")).hasMessage("there is no file ./no-such.gguf");
  }

  @Test
  @Timeout(300)
  void makesTheDefaultModel() throws Exception {
    StoredModel stories = store.resolve(reference("stories15m"), DownloadListener.SILENT);
    assertThat(stories.digest()).isEqualTo("sha256:" + StoriesModel.GGUF_SHA256);
    assertThat(stories.file()).hasSize(StoriesModel.GGUF_BYTES);
    assertThat(files("partial")).isEmpty();
  }

  private ModelStoreException failure(String reference) {
    return catchThrowableOfType(
        ModelStoreException.class,
        () -> store.resolve(reference(reference), DownloadListener.SILENT));
  }

  private static ModelReference reference(String text) throws ModelStoreException {
    return ModelReference.parse(text);
  }

  /** Makes a repository of these files, which lie on another host. */
  private void publish(Listed... listed) {
    for (Listed file : listed) {
      String name = file.path().substring(file.path().lastIndexOf('/') + 1);
      cdn.put("/" + name, file.bytes(), "\"v\"");
      hub.redirect(
          "/org/repo/resolve/main/" + file.path(), cdn.address("/" + name).toString(), Map.of());
    }
    String json =
        Stream.of(listed)
            .map(
                file ->
                    """
                    {"type":"file","path":"%s","size":%d,"oid":"0","lfs":{"oid":"%s","size":%2$d}}\
                    """
                        .formatted(
                            file.path(),
                            file.bytes().length,
                            Sha256.of(ByteBuffer.wrap(file.bytes()))))
            .collect(Collectors.joining(",", "[{\"type\":\"directory\",\"path\":\"sub\"},", "]"));
    hub.put(TREE, json.getBytes(StandardCharsets.UTF_8), "");
  }

  /** A valid model that differs from the others. */
  private byte[] tagged(String tag) throws IOException {
    Path file = folder.resolve("tagged");
    new GgufWriter().string("general.architecture", "llama").string("tag", tag).write(file);
    return Files.readAllBytes(file);
  }

  private byte[] shard(int number) throws IOException {
    Path file = folder.resolve("shard");
    GgufWriter writer = new GgufWriter().uint32("split.no", number).uint32("split.count", 2);
    if (number == 0) {
      writer.string("general.architecture", "llama");
    }
    writer
        .tensor("t" + number, GgmlType.F32, List.of(8L), out -> out.write(ByteBuffer.allocate(32)))
        .write(file);
    return Files.readAllBytes(file);
  }

  /** Lays a file into the cache as Hugging Face's own programs do; gives where its bytes are. */
  private Path cache(String name, String blobName, byte[] bytes) throws IOException {
    String revision = "0123456789abcdef0123456789abcdef01234567";
    Path home = folder.resolve("hub/models--org--repo");
    Path snapshot = Files.createDirectories(home.resolve("snapshots").resolve(revision));
    Path blob = Files.createDirectories(home.resolve("blobs")).resolve(blobName);
    Files.writeString(Files.createDirectories(home.resolve("refs")).resolve("main"), revision);
    Files.write(blob, bytes);
    Files.createSymbolicLink(snapshot.resolve(name), Path.of("../../blobs", blobName));
    return blob.toRealPath();
  }

  private List<Path> cacheFiles() throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve("hub"))) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  private static String sha256(byte[] bytes) {
    return Sha256.of(ByteBuffer.wrap(bytes));
  }

  private List<Path> files(String name) {
    try (Stream<Path> files = Files.list(root.resolve(name))) {
      return files.toList();
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  private StoreSettings settings(Duration lockDeadline) {
    DownloadSettings download =
        new DownloadSettings(
            2, 64 << 10, Duration.ofSeconds(20), Duration.ofSeconds(20), 2, Duration.ofMillis(1));
    return new StoreSettings(
        hub.address("/"),
        "secret",
        folder.resolve("hub"),
        ProxySelector.of(null),
        download,
        lockDeadline);
  }

  private static DownloadListener waiting(List<String> heard) {
    return new DownloadListener() {
      @Override
      public void onWaiting(String reason) {
        heard.add(reason);
      }

      @Override
      public void onProgress(DownloadProgress progress) {}
    };
  }
}
