package io.sampo.kvcache.store;

import static io.sampo.kvcache.store.Texts.LAYOUT;
import static io.sampo.kvcache.store.Texts.borrowed;
import static io.sampo.kvcache.store.Texts.put;
import static io.sampo.kvcache.store.Texts.text;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BorrowedBlock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskTest {

  private static final int BLOCK = LAYOUT.blockBytes();
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir Path temporary;
  private Path folder = Path.of("");
  private Heard heard = new Heard();
  private Instant now = Instant.ofEpochSecond(1_000_000);
  private BlockStore store = BlockStore.open(StoreSettings.hostOnly(1024), heard, () -> now);

  @AfterEach
  void close() {
    store.close();
  }

  private void open(int hostBlocks, int diskFiles) throws InterruptedException {
    folder = folder.equals(Path.of("")) ? temporary.resolve("kv") : folder;
    store.close();
    heard = new Heard();
    StoreSettings settings =
        new StoreSettings((long) hostBlocks * BLOCK, folder, 1 << 30, diskFiles, 1, 0.5);
    store = BlockStore.open(settings, heard, () -> now);
    written();
  }

  private void written() throws InterruptedException {
    assertThat(store.awaitWritten(PATIENCE)).isTrue();
  }

  private Path file(long[] text, int block) {
    return folder.resolve(BlockHash.at(text, block) + ".kv");
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.filter(path -> path.toString().endsWith(".kv")).toList();
    }
  }

  @Test
  void comesBackWithWhatItHad() throws Exception {
    open(16, 100);
    put(store, text(12, 1));
    open(16, 100);
    assertThat(store.leading(text(12, 1))).isEqualTo(new Leading(0, 12));
    assertThat(heard.agreesWith(store.snapshot())).isTrue();
    assertThat(borrowed(store, text(12, 1))).isEqualTo(12);
    assertThat(store.leading(text(12, 1))).isEqualTo(new Leading(12, 12));
    assertThat(store.stats().promoted()).isEqualTo(12);
    assertThat(heard.agreesWith(store.snapshot())).isTrue();
  }

  @Test
  void givesUpHostBlocksThatDiskHas() throws Exception {
    open(16, 100);
    put(store, text(16, 1));
    written();
    put(store, text(16, 2));
    written();
    assertThat(store.stats().demoted()).isEqualTo(16);
    assertThat(store.leading(text(16, 1))).isEqualTo(new Leading(0, 16));
    assertThat(borrowed(store, text(16, 1))).isEqualTo(16);
    assertThat(borrowed(store, text(16, 2))).isEqualTo(16);
    assertThat(store.stats().disk().hits()).isEqualTo(32);
  }

  @Test
  void lendsABlockWhoseBeginningIsNotInHost() throws Exception {
    open(16, 100);
    long[] text = text(4, 1);
    put(store, text);
    open(16, 100);
    BlockHash last = BlockHash.at(text, 3);
    try (BorrowedBlock lent = requireNonNull(store.borrow(last))) {
      assertThat(Texts.isRight(lent.block(), last)).isTrue();
    }
    assertThat(store.leading(text)).isEqualTo(new Leading(0, 4));
  }

  @Test
  void keepsToItsNumberOfFilesAndItsBytes() throws Exception {
    open(64, 10);
    put(store, text(8, 1));
    written();
    put(store, text(8, 2));
    written();
    assertThat(files()).hasSize(10);
    assertThat(store.leading(text(8, 1)).disk() + store.leading(text(8, 2)).disk()).isEqualTo(10);
    long bytes = store.stats().disk().bytes();
    store.close();
    heard = new Heard();
    store =
        BlockStore.open(
            new StoreSettings(64L * BLOCK, folder, bytes / 2, 100, 1, 0.5), heard, () -> now);
    written();
    assertThat(files()).hasSize(5);
    assertThat(store.stats().disk().bytes()).isEqualTo(bytes / 2);
  }

  @Test
  void dropsADamagedFileAndWhatFollowsIt() throws Exception {
    open(16, 100);
    long[] text = text(6, 1);
    put(store, text);
    store.close();
    flip(file(text, 3), (int) Files.size(file(text, 3)) - 5);
    open(16, 100);
    assertThat(store.leading(text).disk()).isEqualTo(6);
    assertThat(borrowed(store, text)).isEqualTo(3);
    written();
    assertThat(store.leading(text)).isEqualTo(new Leading(3, 3));
    assertThat(files()).hasSize(3);
    assertThat(store.stats().disk().failed()).isEqualTo(1);
    assertThat(heard.agreesWith(store.snapshot())).isTrue();
    put(store, text);
    written();
    assertThat(store.leading(text)).isEqualTo(new Leading(6, 6));
  }

  private static void flip(Path file, int at) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[at] ^= 0x10;
    Files.write(file, bytes);
  }

  @Test
  void servesNoFileWithAnyByteChanged() throws Exception {
    long[] text = text(1, 1);
    open(16, 100);
    put(store, text);
    store.close();
    byte[] good = Files.readAllBytes(file(text, 0));
    int used = 72 + "default".length() + LAYOUT.toBytes().length;
    for (int at = 0; at < good.length; at += at < used ? 1 : 61) {
      Files.write(file(text, 0), good);
      flip(file(text, 0), at);
      open(16, 100);
      assertThat(borrowed(store, text)).as("byte %d", at).isZero();
      store.close();
    }
  }

  @Test
  void dropsFilesThatAreCutForeignOrUnfinished() throws Exception {
    open(32, 100);
    long[][] texts = {text(2, 1), text(2, 2), text(2, 3), text(2, 4), text(2, 5)};
    for (long[] text : texts) {
      put(store, text);
    }
    store.close();
    byte[] whole = Files.readAllBytes(file(texts[0], 1));
    Files.write(file(texts[0], 1), Arrays.copyOf(whole, whole.length - 1));
    Files.write(file(texts[1], 1), Arrays.copyOf(whole, whole.length + 1));
    Files.copy(file(texts[3], 0), file(texts[2], 0), REPLACE_EXISTING);
    Files.write(folder.resolve("0".repeat(32) + ".kv"), new byte[0]);
    Files.write(folder.resolve("unfinished.tmp"), Arrays.copyOf(whole, 700));
    Files.writeString(folder.resolve("notes.txt"), "not the store's");
    // The body of another block under a head that is whole.
    byte[] swapped = Files.readAllBytes(file(texts[4], 1));
    System.arraycopy(
        Files.readAllBytes(file(texts[3], 1)),
        swapped.length - BLOCK,
        swapped,
        swapped.length - BLOCK,
        BLOCK);
    Files.write(file(texts[4], 1), swapped);
    open(32, 100);
    assertThat(borrowed(store, texts[0])).isEqualTo(1);
    assertThat(borrowed(store, texts[1])).isEqualTo(1);
    assertThat(borrowed(store, texts[2])).isZero();
    assertThat(borrowed(store, texts[3])).isEqualTo(2);
    assertThat(borrowed(store, texts[4])).isEqualTo(1);
    written();
    assertThat(files()).hasSize(5);
    assertThat(folder.resolve("unfinished.tmp")).doesNotExist();
    assertThat(folder.resolve("notes.txt")).exists();
  }

  @Test
  void noticesAFileThatVanished() throws Exception {
    open(16, 100);
    long[] text = text(3, 1);
    put(store, text);
    open(16, 100);
    Files.delete(file(text, 1));
    assertThat(borrowed(store, text)).isEqualTo(1);
    assertThat(store.leading(text).blocks()).isEqualTo(1);
  }

  @Test
  void leavesAFolderToTheStoreThatHasIt() throws Exception {
    open(16, 100);
    Heard other = new Heard();
    try (BlockStore second =
        BlockStore.open(StoreSettings.of(16L * BLOCK, folder, 1 << 20), other, () -> now)) {
      assertThat(second.awaitWritten(PATIENCE)).isTrue();
      assertThat(put(second, text(3, 1))).isEqualTo(3);
      assertThat(borrowed(second, text(3, 1))).isEqualTo(3);
    }
    assertThat(other.troubles)
        .hasSize(1)
        .first()
        .asString()
        .endsWith(": another store uses this folder");
  }

  @Test
  void goesOnWithoutAFolderThatCannotBe() throws Exception {
    folder = Files.writeString(temporary.resolve("file"), "").resolve("kv");
    open(16, 100);
    put(store, text(3, 1));
    assertThat(borrowed(store, text(3, 1))).isEqualTo(3);
    assertThat(heard.agreesWith(store.snapshot())).isTrue();
    assertThat(heard.troubles).hasSize(1).first().asString().contains("not kept on disk");
  }

  @Test
  void goesOnWhenTheDiskIsFullAndAfterwards() throws Exception {
    folder = mounted("size=64k");
    open(400, 1000);
    put(store, text(400, 1));
    written();
    int whole = store.leading(text(400, 1)).disk();
    assertThat(whole).isBetween(10, 80);
    assertThat(borrowed(store, text(400, 1))).isEqualTo(400);
    assertThat(heard.agreesWith(store.snapshot())).isTrue();
    assertThat(heard.troubles).hasSize(1).first().asString().contains("No space left on device");
    run("mount", "-o", "remount,size=4m", folder.toString());
    assertThat(borrowed(store, text(400, 1))).isEqualTo(400);
    written();
    assertThat(store.leading(text(400, 1)).disk()).isEqualTo(whole);
    now = now.plusSeconds(60);
    assertThat(borrowed(store, text(400, 1))).isEqualTo(400);
    written();
    assertThat(store.leading(text(400, 1)).disk()).isEqualTo(400);
    open(16, 1000);
    assertThat(borrowed(store, text(400, 1))).isEqualTo(400);
  }

  @Test
  void goesOnWhenTheFolderBecameReadOnly() throws Exception {
    folder = mounted("size=4m");
    open(16, 100);
    put(store, text(8, 1));
    store.close();
    run("mount", "-o", "remount,ro", folder.toString());
    open(16, 100);
    put(store, text(4, 3));
    assertThat(borrowed(store, text(4, 3))).isEqualTo(4);
    assertThat(store.leading(text(8, 1)).blocks()).isZero();
    store.close();
    assertThat(heard.troubles).hasSize(1).first().asString().contains("Read-only file system");
    run("mount", "-o", "remount,rw", folder.toString());
    open(16, 100);
    assertThat(borrowed(store, text(8, 1))).isEqualTo(8);
  }

  /** A file system of its own, where this user may have one. */
  private Path mounted(String options) throws Exception {
    Path place = Files.createDirectory(temporary.resolve("mounted"));
    assumeTrue(
        tried("mount", "-t", "tmpfs", "-o", options, "tmpfs", place.toString()),
        "may not mount a file system");
    unmount = place;
    return place;
  }

  private Path unmount = Path.of("");

  @AfterEach
  void unmount() throws Exception {
    if (!unmount.equals(Path.of(""))) {
      store.close();
      run("umount", unmount.toString());
    }
  }

  private static void run(String... command) throws Exception {
    assertThat(tried(command)).as(String.join(" ", command)).isTrue();
  }

  private static boolean tried(String... command) throws Exception {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      process.getInputStream().readAllBytes();
      return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException noSuchCommand) {
      return false;
    }
  }
}
