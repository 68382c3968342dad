package io.sampo.engines.modelstore.gguf;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;

/** Writes the bytes of one tensor, in pieces, exactly as many as its shape needs. */
@FunctionalInterface
public interface TensorData {

  void writeTo(WritableByteChannel out) throws IOException;
}
