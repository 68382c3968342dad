package io.sampo.engines.spi;

import java.util.List;

/**
 * The CPU kernels of its own that an engine has for this machine.
 *
 * @param variants by the instructions they use, fastest first
 * @param trouble why there are none; empty where there are, or where the engine has none anyway
 */
public record KernelOffer(List<String> variants, String trouble) {

  /** Of an engine without kernels of its own. */
  public static final KernelOffer NONE = new KernelOffer(List.of(), "");

  public KernelOffer {
    variants = List.copyOf(variants);
  }
}
