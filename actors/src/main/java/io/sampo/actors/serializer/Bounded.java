package io.sampo.actors.serializer;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import io.sampo.engines.spi.TokenLogprobs;
import io.sampo.kvcache.block.KvLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;

/**
 * Serializers of everything whose size is declared by the sender. Kryo's own allocate what a
 * message claims to hold; these first look whether so many bytes are left.
 */
final class Bounded {

  private Bounded() {}

  /**
   * Reads a count and fails when the rest of the message is too short for so many elements of at
   * least this size.
   */
  static int readCount(Input input, int minElementBytes) {
    int count = input.readVarInt(true);
    int rest = input.limit() - input.position();
    if (count < 0 || (long) count * minElementBytes > rest) {
      throw new KryoException(
          "a message declares " + count + " elements and has " + rest + " bytes left");
    }
    return count;
  }

  static final class Text extends Serializer<String> {

    Text() {
      super(false, true);
    }

    @Override
    public void write(Kryo kryo, Output output, String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      output.writeVarInt(bytes.length, true);
      output.writeBytes(bytes);
    }

    @Override
    public String read(Kryo kryo, Input input, Class<? extends String> type) {
      return new String(input.readBytes(readCount(input, 1)), StandardCharsets.UTF_8);
    }
  }

  static final class Ints extends Serializer<int[]> {

    @Override
    public void write(Kryo kryo, Output output, int[] values) {
      output.writeVarInt(values.length, true);
      for (int value : values) {
        output.writeVarInt(value, true);
      }
    }

    @Override
    public int[] read(Kryo kryo, Input input, Class<? extends int[]> type) {
      int[] values = new int[readCount(input, 1)];
      for (int i = 0; i < values.length; i++) {
        values[i] = input.readVarInt(true);
      }
      return values;
    }
  }

  static final class Longs extends Serializer<long[]> {

    @Override
    public void write(Kryo kryo, Output output, long[] values) {
      output.writeVarInt(values.length, true);
      for (long value : values) {
        output.writeLong(value);
      }
    }

    @Override
    public long[] read(Kryo kryo, Input input, Class<? extends long[]> type) {
      return input.readLongs(readCount(input, Long.BYTES));
    }
  }

  static final class Floats extends Serializer<float[]> {

    @Override
    public void write(Kryo kryo, Output output, float[] values) {
      output.writeVarInt(values.length, true);
      for (float value : values) {
        output.writeFloat(value);
      }
    }

    @Override
    public float[] read(Kryo kryo, Input input, Class<? extends float[]> type) {
      return input.readFloats(readCount(input, Float.BYTES));
    }
  }

  static final class Logprobs extends Serializer<TokenLogprobs[]> {

    @Override
    public void write(Kryo kryo, Output output, TokenLogprobs[] values) {
      output.writeVarInt(values.length, true);
      for (TokenLogprobs value : values) {
        kryo.writeObject(output, value);
      }
    }

    @Override
    public TokenLogprobs[] read(Kryo kryo, Input input, Class<? extends TokenLogprobs[]> type) {
      TokenLogprobs[] values = new TokenLogprobs[readCount(input, 1)];
      for (int i = 0; i < values.length; i++) {
        values[i] = kryo.readObject(input, TokenLogprobs.class);
      }
      return values;
    }
  }

  static final class Lists extends Serializer<List<?>> {

    @Override
    public void write(Kryo kryo, Output output, List<?> values) {
      output.writeVarInt(values.size(), true);
      values.forEach(value -> kryo.writeClassAndObject(output, value));
    }

    @Override
    public List<?> read(Kryo kryo, Input input, Class<? extends List<?>> type) {
      int count = readCount(input, 1);
      List<Object> values = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        values.add(kryo.readClassAndObject(input));
      }
      return List.copyOf(values);
    }
  }

  /** Maps of text to text. */
  static final class TextMaps extends Serializer<Map<String, String>> {

    @Override
    public void write(Kryo kryo, Output output, Map<String, String> values) {
      output.writeVarInt(values.size(), true);
      values.forEach(
          (key, value) -> {
            kryo.writeObject(output, key);
            kryo.writeObject(output, value);
          });
    }

    @Override
    public Map<String, String> read(
        Kryo kryo, Input input, Class<? extends Map<String, String>> type) {
      int count = readCount(input, 2);
      Map<String, String> values = new HashMap<>();
      for (int i = 0; i < count; i++) {
        values.put(kryo.readObject(input, String.class), kryo.readObject(input, String.class));
      }
      return Map.copyOf(values);
    }
  }

  /** Layouts of KV in their own form, by which they check themselves. */
  static final class Layouts extends Serializer<KvLayout> {

    @Override
    public void write(Kryo kryo, Output output, KvLayout layout) {
      byte[] bytes = layout.toBytes();
      output.writeVarInt(bytes.length, true);
      output.writeBytes(bytes);
    }

    @Override
    public KvLayout read(Kryo kryo, Input input, Class<? extends KvLayout> type) {
      return KvLayout.read(ByteBuffer.wrap(input.readBytes(readCount(input, 1))));
    }
  }

  /** Addresses of actors, as text. */
  static final class Refs extends Serializer<ActorRef<?>> {

    private final ActorRefResolver resolver;

    Refs(ActorRefResolver resolver) {
      super(false, true);
      this.resolver = resolver;
    }

    @Override
    public void write(Kryo kryo, Output output, ActorRef<?> ref) {
      kryo.writeObject(output, resolver.toSerializationFormat(ref));
    }

    @Override
    public ActorRef<?> read(Kryo kryo, Input input, Class<? extends ActorRef<?>> type) {
      return resolver.resolveActorRef(kryo.readObject(input, String.class));
    }
  }
}
