package io.sampo.cluster.node;

import java.io.IOException;
import java.nio.file.Path;

/** Finds the files of models that another node has named. */
@FunctionalInterface
public interface ModelFiles {

  /**
   * The model's file on this node. May take as long as a download does, so never call it on an
   * actor's thread.
   *
   * @param name what clients call the model
   * @param source as in {@link io.sampo.actors.replica.ModelSpec}
   * @throws IOException when it cannot be had here; the message says why
   * @throws RuntimeException as before
   */
  Path find(String name, String source) throws IOException, InterruptedException;
}
