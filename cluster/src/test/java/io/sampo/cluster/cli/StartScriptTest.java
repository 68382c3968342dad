package io.sampo.cluster.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the script of an unpacked distribution whose only jar refers to the class path of this
 * build.
 */
@Timeout(90)
class StartScriptTest {

  private record Result(int exitCode, String out, String err) {}

  @TempDir Path folder;

  @BeforeEach
  void unpack() throws IOException {
    for (String file :
        List.of("bin/sampo", "bin/java25", "conf/jvm.options", "conf/compiler.json")) {
      Path to = folder.resolve(file);
      Files.createDirectories(to.getParent());
      Files.copy(Path.of(file), to, StandardCopyOption.COPY_ATTRIBUTES);
    }
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(":", -1))
            .map(entry -> Path.of(entry).toUri().toString())
            .collect(Collectors.joining(" "));
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath);
    Path library = Files.createDirectories(folder.resolve("lib"));
    new JarOutputStream(Files.newOutputStream(library.resolve("sampo.jar")), manifest).close();
  }

  @Test
  void helpTeachesTheVerbs() throws Exception {
    Result result = sampo(Map.of(), "--help");
    assertThat(result.exitCode()).isZero();
    assertThat(result.out()).contains("serve", "pull", "doctor", "SAMPO_JAVA_HOME");
    assertThat(result.err()).isEmpty();
  }

  @Test
  void anUnknownFlagIsAUsageError() throws Exception {
    Result result = sampo(Map.of("SAMPO_AOT", "off"), "serve", "--prot", "1");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err())
        .isEqualTo(
            "sampo: unknown option --prot, did you mean --port?; see 'sampo serve --help'\n");
  }

  @Test
  void aDryRunPrintsTheCommandAndRunsNothing() throws Exception {
    Result result =
        sampo(Map.of("SAMPO_JAVA_OPTS", "-Xmx1g -Dx=y"), "--dry-run", "serve", "a model.gguf");
    assertThat(result.exitCode()).isZero();
    assertThat(result.out().lines()).hasSize(1);
    assertThat(result.out())
        .contains("/bin/java @" + folder.toRealPath() + "/conf/jvm.options ")
        .contains(" -Xmx1g -Dx=y ")
        .contains(folder.toRealPath() + "/lib/sampo.jar")
        .endsWith(" io.sampo.cluster.cli.Sampo serve a\\ model.gguf \n");
  }

  @Test
  void aNodeAmongOthersMayCompileThoroughlyWhatMovesBlocks() throws Exception {
    Result result = sampo(Map.of(), "--dry-run", "node");
    assertThat(result.out())
        .contains(" -XX:TieredStopAtLevel=4 ")
        .contains(" -XX:CompilerDirectivesFile=" + folder.toRealPath() + "/conf/compiler.json ");
    Result begun = sampo(Map.of("SAMPO_AOT", "off"), "node", "--prot", "1");
    assertThat(begun.err()).contains("unknown option --prot");
    assertThat(begun.exitCode()).isEqualTo(2);
  }

  @Test
  void serveTellsWhereItListensAndEndsOnSigterm() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
                folder.resolve("bin/sampo").toString(),
                "serve",
                "--engine=simulated",
                "--port=0",
                "--log-format=json")
            .redirectError(folder.resolve("err").toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("SAMPO_"));
    builder.environment().put("SAMPO_JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("SAMPO_AOT", "off");
    builder.environment().put("SAMPO_HOME", folder.resolve("data").toString());
    Process process = builder.start();
    try (BufferedReader out = process.inputReader(UTF_8)) {
      List<String> told = out.lines().takeWhile(line -> !line.startsWith("ready;")).toList();
      String listening =
          told.stream().filter(line -> line.startsWith("listening on ")).findFirst().orElseThrow();
      assertThat(told)
          .anyMatch(line -> line.startsWith("warning   this engine is simulated"))
          .anyMatch(line -> line.startsWith("started   in "));
      assertThat(out.readLine()).startsWith("  curl -N " + listening.substring(13) + "/v1/chat/");
      process.destroy();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(143);
    } finally {
      process.destroyForcibly();
    }
    assertThat(Files.readAllLines(folder.resolve("err")))
        .isNotEmpty()
        .allMatch(line -> line.startsWith("{\"@timestamp\":"))
        .as("a phase of the shutdown that something held up")
        .noneMatch(line -> line.contains("timed out"));
  }

  @Test
  void withoutAJava25ItSaysWhatToDo() throws Exception {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Result result = sampo(Map.of("SAMPO_JAVA_HOME", empty.toString()), "version");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .isEqualTo(
            "sampo: SAMPO_JAVA_HOME="
                + empty
                + " holds no Java 25; set it to the folder of a JDK 25 or unset it.\n");
  }

  /**
   * A JDK that is a script: it writes the cache when asked to, and else tells how it was called.
   */
  private Map<String, String> scriptedJdk() throws IOException {
    Path jdk = folder.resolve("jdk");
    Files.createDirectories(jdk.resolve("bin"));
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25.0.1\"\n");
    Path java = jdk.resolve("bin/java");
    Files.writeString(
        java,
        """
        #!/usr/bin/env bash
        echo "called $*"
        for word; do case $word in -XX:AOTCacheOutput=*) echo a cache >"${word#*=}" ;; esac; done
        """);
    assertThat(java.toFile().setExecutable(true)).isTrue();
    return Map.of("SAMPO_JAVA_HOME", jdk.toString());
  }

  @Test
  void nodesThatStartTogetherMakeOneStartUpCache() throws Exception {
    Map<String, String> environment = scriptedJdk();
    List<Result> starts = new ArrayList<>();
    try (ExecutorService together = Executors.newFixedThreadPool(4)) {
      List<Callable<Result>> four = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        String name = "start" + i;
        four.add(() -> sampo(name, environment, "serve"));
      }
      for (Future<Result> start : together.invokeAll(four)) {
        starts.add(start.get());
      }
    }
    assertThat(starts)
        .allSatisfy(
            start -> {
              assertThat(start.exitCode()).isZero();
              assertThat(start.out()).contains(" -XX:AOTCache=");
            })
        .filteredOn(start -> start.err().contains("preparing faster starts"))
        .hasSize(1);
  }

  @Test
  void aDamagedStartUpCacheIsNoticedAndMadeAgain() throws Exception {
    Map<String, String> environment = scriptedJdk();
    assertThat(sampo(environment, "serve").err()).contains("preparing faster starts, once");
    Result quick = sampo(environment, "serve");
    assertThat(quick.err()).isEmpty();
    assertThat(quick.out()).startsWith("called @").contains(" -XX:AOTCache=");

    Path cache;
    try (Stream<Path> files = Files.list(folder.resolve("cache"))) {
      cache = files.filter(file -> file.toString().endsWith(".aot")).findFirst().orElseThrow();
    }
    Files.writeString(cache, "half");
    assertThat(sampo(environment, "serve").err())
        .contains("the start-up cache is damaged and is made again", "prepared in");
    assertThat(cache).hasContent("a cache\n");
    assertThat(sampo(environment, "serve").out()).contains(" -XX:AOTCache=");
  }

  private Result sampo(Map<String, String> environment, String... words) throws Exception {
    return sampo("start", environment, words);
  }

  /**
   * @param files how those are named that its output goes to
   */
  private Result sampo(String files, Map<String, String> environment, String... words)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(folder.resolve("bin/sampo").toString()));
    command.addAll(List.of(words));
    Path out = folder.resolve(files + ".out");
    Path err = folder.resolve(files + ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("SAMPO_"));
    builder.environment().put("SAMPO_JAVA_HOME", System.getProperty("java.home"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return new Result(process.exitValue(), Files.readString(out, UTF_8), Files.readString(err));
    } finally {
      process.destroyForcibly();
    }
  }
}
