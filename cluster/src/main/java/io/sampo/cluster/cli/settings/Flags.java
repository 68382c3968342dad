package io.sampo.cluster.cli.settings;

import java.util.List;
import java.util.stream.Stream;

/** Every flag there is. */
public final class Flags {

  public static final Flag HOST =
      new Flag("host", "ADDRESS", "HTTP address. Any but loopback needs --api-key-file.");
  public static final Flag PORT =
      new Flag("port", "N", "HTTP port; 0 takes a free one and prints it. Default 8080.");
  public static final Flag ADMIN_HOST =
      new Flag(
          "admin-host",
          "ADDRESS",
          "Address for operators: /metrics and /admin. Any but loopback needs --api-key-file with"
              + " a read or admin key. Default 127.0.0.1.");
  public static final Flag ADMIN_PORT =
      new Flag(
          "admin-port",
          "N",
          "Port for the same; 0 takes a free one. Default: the one after --port, or a free one"
              + " where that is taken.");
  public static final Flag JMX_PORT =
      new Flag(
          "jmx-port",
          "N",
          "Let the console and other JMX clients in over the network; 0 takes a free port."
              + " Default: they attach on this machine, by process id.");
  public static final Flag JMX_HOST =
      new Flag(
          "jmx-host",
          "ADDRESS",
          "Address for the same. Any but loopback needs --jmx-tls. Default 127.0.0.1.");
  public static final Flag JMX_TLS =
      new Flag(
          "jmx-tls",
          "FOLDER",
          "Folder with tls.crt, tls.key and ca.crt (PEM) for JMX over TLS. Clients give a read or"
              + " admin key of --api-key-file as their password; where there are no keys they show"
              + " a certificate of that authority.");
  public static final Flag CLUSTER_HOST =
      new Flag(
          "cluster-host",
          "ADDRESS",
          "Address of traffic between nodes. Any but loopback needs --cluster-tls. Default"
              + " 127.0.0.1.");
  public static final Flag CLUSTER_PORT =
      new Flag("cluster-port", "N", "Port of traffic between nodes; 0 takes a free one (default).");
  public static final Flag ROLE =
      new Flag(
          "role",
          "gateway|engine,…",
          "What the node does: take requests (gateway), run models (engine), or both.");
  public static final Flag MODEL =
      new Flag(
          "model",
          "MODEL,…",
          "A gateway: the model to serve; default stories15m. An engine node: models to have at"
              + " hand before it joins; it runs what the gateways serve and fetches what it"
              + " lacks.");
  public static final Flag JOIN =
      new Flag(
          "join",
          "HOST:PORT,…",
          "Cluster addresses of nodes to join; one must be there, unless the first is this node's"
              + " own. A name may stand for several nodes. Default: a cluster of its own.");
  public static final Flag CLUSTER_TLS =
      new Flag(
          "cluster-tls",
          "FOLDER",
          "Folder with tls.crt, tls.key and ca.crt (PEM) by which nodes prove themselves to each"
              + " other. Any --cluster-host but loopback needs it.");
  public static final Flag SUPERVISED =
      new Flag(
          "supervised",
          "",
          "Run the node as a child process and start it again when it dies, with growing pauses.");
  public static final Flag REPLICAS =
      new Flag("replicas", "N", "Engine nodes that run the model at most; 0 takes all (default).");
  public static final Flag ROUTING_POLICY =
      new Flag(
          "routing-policy",
          "NAME",
          "Where requests go: affinity (default), or to compare with: least-loaded, round-robin,"
              + " sticky, bounded-load, dualmap, product.");
  public static final Flag COST_PER_HOUR =
      new Flag(
          "cost-per-hour",
          "N",
          "What this machine costs in an hour, such as 0.35; with actors.scheduler.cost-aware = on"
              + " in --config the cheapest that is fast enough is taken. Default 0.");
  public static final Flag API_KEY_FILE =
      new Flag(
          "api-key-file",
          "FILE",
          "Keys that clients must send, a line each: [infer|read|admin] KEY [NAME]. 'sampo key'"
              + " makes such lines. Read again when it changes. Default: open.");
  public static final Flag MODEL_ALIAS =
      new Flag("model-alias", "NAME,…", "Further names that requests may use for the model.");
  public static final Flag CTX_SIZE =
      new Flag(
          "ctx-size", "N", "Context of one sequence in tokens (8K = 8192); 0 chooses (default).");
  public static final Flag PARALLEL =
      new Flag("parallel", "N", "Sequences at once, 1 to 256; 0 chooses (default).");
  public static final Flag THREADS =
      new Flag("threads", "N", "CPU threads of the engine; 0 takes one for each core (default).");
  public static final Flag GPU_LAYERS =
      new Flag("gpu-layers", "auto|N", "Layers kept on a GPU; auto takes what fits (default).");
  public static final Flag KV_TYPE =
      new Flag("kv-type", "f16|q8_0|q4_0", "Number format of cached keys and values. Default f16.");
  public static final Flag KERNELS =
      new Flag(
          "kernels",
          "auto|off",
          "Our own matrix kernels on the CPU, several times faster than llama.cpp's: auto where the"
              + " model and the processor allow it (default), off for llama.cpp's alone.");
  public static final Flag SPECULATION =
      new Flag(
          "speculation",
          "off|ngram",
          "Guess tokens ahead where a text repeats itself and check them together. Default off.");
  public static final Flag DRAFT =
      new Flag(
          "draft",
          "MODEL",
          "A small model of the same family that guesses tokens ahead, which the model checks"
              + " together. Default none.");
  public static final Flag LORA =
      new Flag(
          "lora",
          "NAME=FILE[:SCALE],…",
          "LoRA adapters (GGUF) that requests choose by NAME as their model. Scale 1 is as"
              + " trained.");
  public static final Flag LORA_DIR =
      new Flag(
          "lora-dir",
          "FOLDER",
          "Folder whose adapters may be loaded over HTTP (POST /v1/load_lora_adapter). Default:"
              + " none may.");
  public static final Flag INTER_TOKEN_MILLIS =
      new Flag(
          "inter-token-millis",
          "N",
          "How far apart an answer's tokens may come because prompts are computed beside it:"
              + " prompts get what is left of each step. Lower is smoother, higher computes prompts"
              + " faster, 0 is off. Default 200.");
  public static final Flag RETAIN_TOKENS =
      new Flag(
          "retain-tokens",
          "auto|N",
          "Tokens kept of requests that have ended, for requests that begin alike. Kept ones slow"
              + " every step a little: auto keeps as many as pay for themselves (default), 0"
              + " none.");
  public static final Flag KV_RAM =
      new Flag(
          "kv-ram",
          "SIZE",
          "Main memory for KV that has left the engine, which brings it back quicker than it would"
              + " be computed; 4G, 512M, 0 is off. Default: an eighth of what is free, at most"
              + " 4G.");
  public static final Flag KV_DISK =
      new Flag(
          "kv-disk",
          "SIZE",
          "Files in the data folder that keep a part of --kv-ram over a restart, such as 20G. They"
              + " hold what prompts say. Default 0: none.");
  public static final Flag KV_WARM =
      new Flag(
          "kv-warm",
          "FILE,…",
          "Files of 'sampo cache export' whose prefixes are in main memory from the start and stay"
              + " there.");
  public static final Flag KV_HOST =
      new Flag(
          "kv-host",
          "ADDRESS",
          "Address at which other nodes get KV. Default: the one of --cluster-host.");
  public static final Flag KV_PORT =
      new Flag("kv-port", "N", "Port for the same; 0 takes a free one (default).");
  public static final Flag SECRET_FILE =
      new Flag(
          "secret-file",
          "FILE",
          "32 random bytes that all nodes of a cluster are given; they authenticate KV between"
              + " nodes. Default: cluster-secret in the data folder, made where it is missing.");
  public static final Flag ENGINE_OPTION =
      new Flag(
          "engine-option",
          "NAME=VALUE,…",
          "Rarely needed settings of the engine. llamacpp: batch-tokens, most tokens of a step"
              + " (512); ubatch-tokens, tokens of one pass over the weights (as batch-tokens);"
              + " draft-tokens, longest draft of --speculation and --draft (8); draft-p-min, least"
              + " probability that a draft model gives a token it proposes (0.5); tensor-split,"
              + " what part of the layers each GPU takes (3/1).");
  public static final Flag ENGINE =
      new Flag(
          "engine", "NAME", "llamacpp (default), or simulated: invented tokens, for trials only.");
  public static final Flag DETERMINISTIC =
      new Flag("deterministic", "", "One sequence a step: equal requests give equal bytes.");
  public static final Flag ALLOWED_HOST =
      new Flag(
          "allowed-host",
          "NAME,…",
          "Further Host names to answer to, beside address and localhost.");
  public static final Flag DEBUG_HEADERS =
      new Flag("debug-headers", "", "Tell in x-sampo-… answer headers how a request was routed.");
  public static final Flag LOG_FORMAT =
      new Flag("log-format", "text|json", "Form of the log on standard error. Default text.");
  public static final Flag DATA_DIR =
      new Flag("data-dir", "FOLDER", "Models and state. Default SAMPO_HOME, else ~/.sampo.");
  public static final Flag CONFIG =
      new Flag("config", "FILE", "Settings in HOCON, keys named as these flags (port = 9000).");

  /** What {@code serve} takes, in the order its help shows. */
  public static final List<Flag> SERVE =
      List.of(
          HOST,
          PORT,
          ADMIN_HOST,
          ADMIN_PORT,
          API_KEY_FILE,
          ALLOWED_HOST,
          MODEL_ALIAS,
          CTX_SIZE,
          PARALLEL,
          THREADS,
          GPU_LAYERS,
          KV_TYPE,
          KERNELS,
          SPECULATION,
          DRAFT,
          LORA,
          LORA_DIR,
          INTER_TOKEN_MILLIS,
          RETAIN_TOKENS,
          KV_RAM,
          KV_DISK,
          KV_WARM,
          KV_HOST,
          KV_PORT,
          SECRET_FILE,
          ENGINE,
          ENGINE_OPTION,
          DETERMINISTIC,
          CLUSTER_HOST,
          CLUSTER_PORT,
          JOIN,
          CLUSTER_TLS,
          REPLICAS,
          JMX_PORT,
          JMX_HOST,
          JMX_TLS,
          ROUTING_POLICY,
          COST_PER_HOUR,
          SUPERVISED,
          DATA_DIR,
          CONFIG,
          LOG_FORMAT,
          DEBUG_HEADERS);

  /** What {@code node} takes, in the order its help shows. */
  public static final List<Flag> NODE =
      Stream.concat(Stream.of(ROLE, MODEL, JOIN), SERVE.stream().filter(flag -> !flag.equals(JOIN)))
          .toList();

  /** What only a node that runs models is told. */
  static final List<Flag> OF_ENGINES =
      List.of(
          THREADS,
          GPU_LAYERS,
          SPECULATION,
          DRAFT,
          INTER_TOKEN_MILLIS,
          RETAIN_TOKENS,
          ENGINE_OPTION,
          KV_RAM,
          KV_HOST,
          KV_PORT,
          KV_DISK,
          KV_WARM,
          COST_PER_HOUR);

  /** What only a node that takes requests is told. */
  static final List<Flag> OF_GATEWAYS =
      List.of(MODEL_ALIAS, LORA, LORA_DIR, DEBUG_HEADERS, REPLICAS, ROUTING_POLICY);

  private Flags() {}
}
