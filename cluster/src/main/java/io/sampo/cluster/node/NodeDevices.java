package io.sampo.cluster.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import io.sampo.actors.placement.Placement;
import java.util.HashMap;
import java.util.Map;

/**
 * What this engine node has for models: what the kernel says and, of GPUs and labels, what its
 * settings say.
 */
final class NodeDevices {

  private final String gpu;
  private final long gpuBytes;
  private final Map<String, String> labels = new HashMap<>();

  /**
   * @throws IllegalArgumentException when a setting is wrong
   */
  NodeDevices(Config root) {
    Config config = root.getConfig("cluster.devices");
    gpu = config.getString("gpu");
    gpuBytes = config.getBytes("gpu-memory");
    for (Map.Entry<String, ConfigValue> label : config.getObject("labels").entrySet()) {
      labels.put(label.getKey(), String.valueOf(label.getValue().unwrapped()));
    }
    if (gpuBytes < 0) {
      throw new IllegalArgumentException("cluster.devices: gpu-memory must not be negative");
    }
    if (labels.size() > 32 || labels.toString().length() > 2048) {
      throw new IllegalArgumentException(
          "cluster.devices: there may be 32 labels, of 2048 characters together");
    }
  }

  /** All of it now. */
  Placement.NodeOffer offer(String node) {
    Memory memory = Memory.now();
    return new Placement.NodeOffer(
        node,
        Runtime.getRuntime().availableProcessors(),
        memory.availableBytes(),
        memory.totalBytes(),
        gpu,
        gpuBytes,
        Map.copyOf(labels));
  }
}
