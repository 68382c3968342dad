package io.sampo.engines.modelstore.gguf;

/**
 * What llama.cpp asserts of a network's numbers while it loads or first computes. A broken
 * assertion there ends the process, so each is a rule here.
 */
final class NetworkRules {

  private static final int MAX_LAYERS = 512;
  private static final int MAX_EXPERTS = 1024;
  private static final String[] EPSILONS = {
    "attention.layer_norm_epsilon",
    "attention.layer_norm_rms_epsilon",
    "attention.group_norm_epsilon"
  };

  private final ArchitectureKeys keys;

  private NetworkRules(ArchitectureKeys keys) {
    this.keys = keys;
  }

  /**
   * Checks the rules for the numbers that a file gives.
   *
   * @throws GgufRejectedException when one is broken
   */
  static void check(GgufFile file, String architecture) {
    NetworkRules rules = new NetworkRules(new ArchitectureKeys(file, architecture));
    rules.checkLayers();
    rules.checkExperts();
    rules.checkEpsilons(file);
  }

  private void checkLayers() {
    if (!keys.has("block_count")) {
      return;
    }
    int layers = keys.number("block_count", MAX_LAYERS, 0);
    require(layers > 0, "layers must be 1 to " + MAX_LAYERS, "block_count");
    keys.number("nextn_predict_layers", layers, 0);
  }

  private void checkExperts() {
    int experts = keys.number("expert_count", MAX_EXPERTS, 0);
    int layers = keys.number("block_count", MAX_LAYERS, 0);
    int used = ArchitectureKeys.most(keys.perLayer("expert_used_count", layers, 0));
    int groups = keys.number("expert_group_count", MAX_EXPERTS, 0);
    require(used <= experts, "experts in use must be at most " + experts, "expert_used_count");
    if (experts == 0) {
      require(groups == 0, "there must be experts to group", "expert_group_count");
      return;
    }
    require(used > 0 || layers == 0, "experts must be in use", "expert_used_count");
    require(groups < experts, "groups must be fewer than experts", "expert_group_count");
    if (groups > 1) {
      require(experts % groups == 0, "groups must divide the experts", "expert_group_count");
      int usedGroups = keys.number("expert_group_used_count", groups - 1, 0);
      require(usedGroups > 0, "groups must be in use", "expert_group_used_count");
    }
  }

  private void checkEpsilons(GgufFile file) {
    for (String name : EPSILONS) {
      if (keys.has(name)) {
        double epsilon = file.float32(keys.key(name)).orElse(Double.NaN);
        require(epsilon >= 0 && epsilon < 1, "value must be a FLOAT32 of 0 to 1", name);
      }
    }
  }

  private void require(boolean holds, String rule, String name) {
    if (!holds) {
      throw new GgufRejectedException(rule, "key " + keys.key(name));
    }
  }
}
