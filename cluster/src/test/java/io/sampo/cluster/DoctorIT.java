package io.sampo.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.cli.Sampo;
import io.sampo.cluster.cli.Surroundings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The doctor at a cluster that runs. */
@Timeout(120)
class DoctorIT {

  private static final String READ_KEY = "looks-and-nothing-else";

  @TempDir Path folder;

  private record Told(String out, String err) {

    JsonNode check(String name) {
      for (JsonNode check : TestCluster.JSON.readTree(out)) {
        if (check.get("name").stringValue().equals(name)) {
          return check;
        }
      }
      throw new AssertionError("no check " + name + " in " + out);
    }
  }

  private Told doctor(String... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Map<String, String> environment =
        Map.of(
            "SAMPO_HOME", folder.resolve("home").toString(),
            "SAMPO_API_KEY", "never-to-be-seen",
            "SAMPO_THREADS", "3",
            "HF_TOKEN", "never-to-be-seen");
    String[] all = new String[words.length + 2];
    all[0] = "doctor";
    all[1] = "--json";
    System.arraycopy(words, 0, all, 2, words.length);
    Sampo.run(
        new Surroundings(
            environment,
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8),
            false,
            false),
        all);
    return new Told(out.toString(UTF_8), err.toString(UTF_8));
  }

  private static Map<String, String> read(Path zip) throws IOException {
    Map<String, String> files = new HashMap<>();
    try (ZipFile open = new ZipFile(zip.toFile())) {
      Enumeration<? extends ZipEntry> entries = open.entries();
      while (entries.hasMoreElements()) {
        ZipEntry entry = entries.nextElement();
        files.put(entry.getName(), new String(open.getInputStream(entry).readAllBytes(), UTF_8));
      }
    }
    return files;
  }

  @Test
  void aClusterIsLookedAtAndBundledWithoutKeysPromptsAndMemory() throws Exception {
    Path keys = folder.resolve("keys");
    Files.writeString(keys, "infer asks-only\nread " + READ_KEY + "\n");
    Path key = Files.writeString(folder.resolve("key"), READ_KEY + "\n");
    Path crashes = Files.createDirectories(folder.resolve("home").resolve("crashes"));
    Files.writeString(
        crashes.resolve("crash-1.log"),
        """
        #  SIGSEGV (0xb)
        C  [libllama.so+0x1234]  llama_decode+0x10
        Top of Stack: 0x00: 53 65 63 72 65 74
        Environment Variables:
        HF_TOKEN=never-to-be-seen
        """);
    try (NodeProcess node =
        NodeProcess.start(
            folder, "ready", "serve", "--engine=simulated", "--port=0", "--api-key-file=" + keys)) {
      String admin = node.told("admin").substring("on ".length());
      Path zip = folder.resolve("bundle.zip");
      Told told =
          doctor(
              "--port=0",
              "--join=" + node.clusterAddress(),
              "--admin=" + admin,
              "--key-file=" + key,
              "--bundle=" + zip);
      for (String name :
          List.of("join", "cluster", "versions", "clocks", "clock", "limits", "admin-port")) {
        assertThat(told.check(name).get("status").stringValue()).as(name).isEqualTo("OK");
      }
      assertThat(told.check("cluster").get("found").stringValue()).endsWith(" ready");

      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(zip)))
          .isEqualTo("rw-------");
      Map<String, String> bundle = read(zip);
      assertThat(bundle)
          .containsKeys(
              "sampo/doctor.json",
              "sampo/versions.json",
              "sampo/cluster/nodes.json",
              "sampo/cluster/metrics.txt");
      assertThat(bundle.get("sampo/environment.txt"))
          .contains("SAMPO_THREADS=3", "SAMPO_API_KEY=(not shown)");
      assertThat(bundle.get("sampo/crashes/crash-1.log")).contains("SIGSEGV", "llama_decode");
      assertThat(bundle.values())
          .noneMatch(
              text ->
                  text.contains("never-to-be-seen")
                      || text.contains(READ_KEY)
                      || text.contains("asks-only")
                      || text.contains("53 65 63"));
      assertThat(doctor("--bundle=" + zip).err()).contains("is there already");

      assertThat(doctor("--admin=" + admin).check("cluster").get("found").stringValue())
          .contains("wants a read or admin key");
      node.kill();
      assertThat(doctor("--admin=" + admin).check("cluster").get("found").stringValue())
          .contains("nobody listens there");
      assertThat(
              doctor("--join=" + node.clusterAddress()).check("join").get("status").stringValue())
          .isEqualTo("FAIL");
    }
  }
}
