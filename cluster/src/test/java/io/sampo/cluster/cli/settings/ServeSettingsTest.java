package io.sampo.cluster.cli.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.cluster.kv.KvSettings;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.KvType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServeSettingsTest {

  @TempDir Path folder;

  @Test
  void takesDefaultsWhereNothingIsGiven() {
    ServeSettings settings = settings(Map.of(), Map.of());
    assertThat(settings.host()).isEqualTo("127.0.0.1");
    assertThat(settings.port()).isEqualTo(8080);
    assertThat(settings.cluster().port()).isZero();
    assertThat(settings.engine()).isEqualTo("llamacpp");
    assertThat(settings.engineSettings()).isEqualTo(EngineSettings.DEFAULTS);
    assertThat(settings.models()).isEmpty();
    assertThat(settings.dataFolder()).isEqualTo(Path.of(System.getProperty("user.home"), ".sampo"));
  }

  @Test
  void commandLineBeatsEnvironmentBeatsFileBeatsDefault() throws IOException {
    Path file = file("port = 1\nthreads = 1\nparallel = 1\n");
    ServeSettings settings =
        settings(
            Map.of("config", file.toString(), "port", "3"),
            Map.of("SAMPO_PORT", "2", "SAMPO_THREADS", "2"));
    assertThat(settings.port()).isEqualTo(3);
    assertThat(settings.engineSettings().threads()).isEqualTo(2);
    assertThat(settings.engineSettings().maxSequences()).isEqualTo(1);
    assertThat(settings.cluster().host()).isEqualTo("127.0.0.1");
  }

  @Test
  void readsEveryKindOfValueFromAFile() throws IOException {
    Path file =
        file(
            """
            model = "hf:org/repo:Q4_K_M"
            ctx-size = 8K
            kv-type = q8_0
            gpu-layers = auto
            deterministic = true
            allowed-host = [a.example, b.example]
            log-format = json
            pekko { loglevel = DEBUG }
            """);
    ServeSettings settings = settings(Map.of(), Map.of("SAMPO_CONFIG", file.toString()));
    assertThat(settings.models()).containsExactly("hf:org/repo:Q4_K_M");
    assertThat(settings.engineSettings().contextTokens()).isEqualTo(8192);
    assertThat(settings.engineSettings().kvType()).isEqualTo(KvType.Q8_0);
    assertThat(settings.engineSettings().deterministic()).isTrue();
    assertThat(settings.allowedHosts()).isEqualTo(List.of("a.example", "b.example"));
    assertThat(settings.logFormat()).isEqualTo(ServeSettings.LogFormat.JSON);
    assertThat(settings.overrides()).contains("loglevel");
  }

  @Test
  void readsHowMuchKvIsKept() throws IOException {
    Path file = file("kv-ram = 2G\nkv-disk = 20g");
    KvFlags kv = settings(Map.of("config", file.toString()), Map.of("SAMPO_KV_RAM", "512M")).kv();
    assertThat(kv.settings(64L << 30, folder))
        .isEqualTo(new KvSettings(512 << 20, 20L << 30, folder));
    KvFlags none = settings(Map.of(), Map.of()).kv();
    assertThat(none.settings(8L << 30, folder)).isEqualTo(new KvSettings(1 << 30, 0, folder));
    assertThat(none.settings(900L << 30, folder).hostBytes()).isEqualTo(4L << 30);
    assertThat(settings(Map.of("kv-ram", "0"), Map.of()).kv().settings(1, folder).hostBytes())
        .isZero();
    for (String wrong : List.of("4GB", "-1", "1K", "1.5G", "99999999999T", "all")) {
      refuses(
          Map.of("kv-disk", wrong),
          Map.of(),
          "--kv-disk %s: expected a size of at least 1M, such as 512M or 4G, or 0 for none"
              .formatted(wrong));
    }
    refuses(
        Map.of("kv-disk", "1G", "kv-ram", "0"),
        Map.of(),
        "--kv-disk 1G: KV comes to files through main memory; give --kv-ram more than 0");
  }

  @Test
  void readsAdaptersWithTheirScales() throws IOException {
    Path sea = Files.writeString(folder.resolve("sea.gguf"), "");
    Path colon = Files.writeString(folder.resolve("sky:x.gguf"), "");
    String given = "sea=" + sea + ":0.5, sky=" + colon;
    ServeSettings settings = settings(Map.of("lora", given, "lora-dir", "" + folder), Map.of());
    assertThat(settings.adapters())
        .containsExactly(
            new Adapter("sea", sea.toString(), 0.5f), new Adapter("sky", colon.toString(), 1));
    assertThat(settings.adapterFolder()).isEqualTo(folder);
    assertAdapterRefused("sea", "expected NAME=FILE or NAME=FILE:SCALE");
    assertAdapterRefused("a b=" + sea, "the name must have 1 to 128 letters");
    assertAdapterRefused("sea=" + sea + ":1000", "the scale must be a number from -100 to 100");
    assertAdapterRefused("sea=" + folder.resolve("none.gguf"), "there is no file '");
    assertAdapterRefused("sea=" + sea + ",sea=" + sea, "names sea twice");
    assertThatThrownBy(() -> settings(Map.of("lora-dir", "" + sea), Map.of()))
        .hasMessageContaining("there is no such folder");
  }

  private static void assertAdapterRefused(String given, String rule) {
    assertThatThrownBy(() -> settings(Map.of("lora", given), Map.of()))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("--lora " + given + ": ")
        .hasMessageContaining(rule);
  }

  @Test
  void joinsTheEnginesOwnSettingsFromFlagsAndOptions() throws IOException {
    Path file =
        file("engine-option { batch-tokens = 256, ubatch-tokens = 64 }\nretain-tokens = 8K");
    assertThat(
            settings(Map.of("config", file.toString()), Map.of("SAMPO_INTER_TOKEN_MILLIS", "50"))
                .engineSettings()
                .options())
        .isEqualTo(
            Map.of(
                "batch-tokens", "256",
                "ubatch-tokens", "64",
                "retain-tokens", "8192",
                "inter-token-millis", "50"));
    assertThat(
            settings(Map.of("engine-option", "a=1, b=x=y", "retain-tokens", "auto"), Map.of())
                .engineSettings()
                .options())
        .isEqualTo(Map.of("a", "1", "b", "x=y", "retain-tokens", "auto"));
  }

  @Test
  void dataFolderIsTheFlagThenTheVariableOfTheWholeHome() {
    Map<String, String> home = Map.of("SAMPO_HOME", "/srv/sampo");
    assertThat(settings(Map.of(), home).dataFolder()).isEqualTo(Path.of("/srv/sampo"));
    assertThat(settings(Map.of("data-dir", "/flag"), home).dataFolder())
        .isEqualTo(Path.of("/flag"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          port       | 80x    | --port 80x: expected a number, 0 to 65535
          port       | 65536  | --port 65536: expected a number, 0 to 65535
          parallel   | 257    | --parallel 257: expected a number, 0 to 256
          ctx-size   | -1     | --ctx-size -1: expected a number, 0 to 16777216
          gpu-layers | most   | --gpu-layers most: expected auto or a number of layers
          kv-type    | q5_0   | --kv-type q5_0: expected one of f16, q8_0, q4_0
          inter-token-millis | 60001 | --inter-token-millis 60001: expected a number, 0 to 60000
          retain-tokens | all | --retain-tokens all: expected auto or a number of tokens (32K = 32768); 0 keeps none
          engine-option | x | --engine-option x: expected NAME=VALUE, or several of them parted by commas
          engine-option | a=1,a=2 | --engine-option a=1,a=2: sets a twice
          kernels | fast      | --kernels fast: expected one of auto, off
          speculation | yes   | --speculation yes: expected one of off, ngram
          log-format | xml    | --log-format xml: expected one of text, json
          config     | /none  | --config /none: there is no such file
          api-key-file | /none | --api-key-file /none: cannot be read; make a file with one key a line
          """)
  void namesTheFlagOfARefusedValue(String flag, String value, String line) {
    refuses(Map.of(flag, value), Map.of(), line);
  }

  @Test
  void tellsTheEngineHowToGuess() {
    EngineSettings guessing = settings(Map.of("speculation", "ngram"), Map.of()).engineSettings();
    assertThat(guessing.options()).isEqualTo(Map.of("speculation", "ngram"));
    refuses(
        Map.of("speculation", "ngram", "deterministic", "true"),
        Map.of(),
        "--speculation ngram: it rounds differently; leave out either it or --deterministic");
    Path file = Path.of("/models/small.gguf");
    assertThat(settings(Map.of("draft", "x"), Map.of()).withDraft(file).engineSettings().options())
        .isEqualTo(Map.of("speculation", "draft", "draft-model", file.toString()));
    refuses(
        Map.of("draft", "small.gguf", "speculation", "ngram"),
        Map.of(),
        "--speculation ngram: --draft says already how to guess; give one of the two");
  }

  @Test
  void namesTheVariableOfARefusedValue() {
    refuses(
        Map.of(),
        Map.of("SAMPO_DETERMINISTIC", "maybe"),
        "SAMPO_DETERMINISTIC=maybe: expected true or false");
  }

  @Test
  void namesFileAndLineOfARefusedValue() throws IOException {
    Path file = file("\nport = high\n");
    refuses(
        Map.of("config", file.toString()),
        Map.of(),
        file + " line 2: port = high: expected a number, 0 to 65535");
  }

  @Test
  void refusesAKeyOfAFileThatDoesNotExist() throws IOException {
    Path file = file("prot = 9000\n");
    refuses(
        Map.of("config", file.toString()),
        Map.of(),
        file + " line 1: prot: no such key; 'sampo serve --help' lists them");
  }

  @Test
  void kvIsGivenToOthersWhereTheyReachTheNodeAndByNobodyElsesLeave() {
    Map<String, String> flags =
        Map.of("kv-host", "127.0.0.1", "kv-port", "7001", "secret-file", "secret", "kv-ram", "1G");
    assertThat(settings(flags, Map.of()).kv().settings(1 << 30, folder))
        .isEqualTo(
            new KvSettings(1 << 30, 0, folder, List.of(), "127.0.0.1", 7001, Path.of("secret")));
    assertThat(settings(flags, Map.of()).kv().withoutEngine(folder))
        .isEqualTo(new KvSettings(0, 0, folder, List.of(), null, 0, Path.of("secret")));
    refuses(
        Map.of("kv-host", "192.0.2.1"),
        Map.of(),
        "--kv-host 192.0.2.1: others could read on the way what prompts say;"
            + " give --cluster-tls FOLDER or keep --kv-host 127.0.0.1");
  }

  @Test
  void tellsAKubernetesServiceLinkFromAPort() {
    refuses(
        Map.of(),
        Map.of("SAMPO_PORT", "tcp://10.0.0.1:8080"),
        "SAMPO_PORT=tcp://10.0.0.1:8080: expected a number, 0 to 65535"
            + " (a Kubernetes service link; set enableServiceLinks: false in the pod)");
  }

  @Test
  void refusesAnAddressOthersReachUnlessThereAreKeys() throws IOException {
    String rule =
        ": others could reach this address and no keys are set;"
            + " give --api-key-file FILE (one key a line) or keep --host 127.0.0.1";
    refuses(Map.of("host", "0.0.0.0"), Map.of(), "--host 0.0.0.0" + rule);
    refuses(Map.of(), Map.of("SAMPO_HOST", "::"), "SAMPO_HOST=::" + rule);
    Path keys = Files.writeString(folder.resolve("keys"), "secret\n");
    Map<String, String> flags =
        new HashMap<>(Map.of("host", "0.0.0.0", "api-key-file", keys.toString()));
    assertThat(settings(flags, Map.of()).apiKeyFile()).isEqualTo(keys);
  }

  @Test
  void refusesToCarryClusterTrafficBeyondThisMachine() {
    refuses(
        Map.of("cluster-host", "0.0.0.0"),
        Map.of(),
        "--cluster-host 0.0.0.0: others could reach this address and nodes would let anybody in;"
            + " give --cluster-tls FOLDER or keep --cluster-host 127.0.0.1");
    refuses(
        Map.of("cluster-tls", folder.toString()),
        Map.of(),
        "--cluster-tls " + folder + ": there is no readable file " + folder.resolve("tls.crt"));
  }

  @Test
  void everyLoopbackAddressNeedsNoKeys() {
    for (String host : List.of("127.0.0.1", "127.8.8.8", "::1", "localhost")) {
      assertThat(settings(Map.of("host", host), Map.of()).host()).isEqualTo(host);
    }
  }

  private static ServeSettings settings(
      Map<String, String> commandLine, Map<String, String> environment) {
    return ServeSettings.from(Layers.of(commandLine, environment, Flags.SERVE), null);
  }

  private static void refuses(
      Map<String, String> commandLine, Map<String, String> environment, String line) {
    assertThatThrownBy(() -> settings(commandLine, environment))
        .isInstanceOf(UsageException.class)
        .hasMessage(line);
  }

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("sampo.conf"), text);
  }
}
