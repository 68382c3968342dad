package io.sampo.engines.modelstore.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Sha256Test {

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 64, (1 << 20) - 1, 1 << 20, (3 << 20) + 17})
  void aFileHasTheSameDigestByTheMachinesLibraryAndByTheJdk(int bytes) throws IOException {
    Optional<LibCrypto> library = LibCrypto.open();
    assumeTrue(library.isPresent(), "this machine has no libcrypto.so.3");
    byte[] content = new byte[bytes];
    new Random(bytes).nextBytes(content);
    Path file = Files.write(folder.resolve("content"), content);

    assertThat(library.orElseThrow().sha256(file))
        .isEqualTo(Sha256.ofJdk(file))
        .isEqualTo(Sha256.of(ByteBuffer.wrap(content)));
  }
}
