package io.sampo.actors.serializer;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Registration;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.ByteBufferInput;
import com.esotericsoftware.kryo.io.ByteBufferOutput;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.serializers.RecordSerializer;
import com.esotericsoftware.kryo.util.DefaultClassResolver;
import com.esotericsoftware.kryo.util.MapReferenceResolver;
import com.esotericsoftware.kryo.util.Pool;
import io.sampo.actors.wire.WireMessage;
import io.sampo.engines.spi.TokenLogprobs;
import io.sampo.kvcache.block.KvLayout;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.serialization.ByteBufferSerializer;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/** Wire messages to bytes and back. Safe for many threads: each call borrows a Kryo of its own. */
public final class KryoSerializer extends SerializerWithStringManifest
    implements ByteBufferSerializer {

  private static final int IDENTIFIER = 715_501;
  private static final int POOL_BOUND = 64;

  /** A message beyond this is broken: prompts travel in pieces well below it. */
  private static final int MAX_MESSAGE_BYTES = 256 * 1024;

  private static final int MAX_DEPTH = 12;

  private final Map<Class<?>, String> manifests = new HashMap<>();
  private final Pool<Kryo> kryos;

  public KryoSerializer(ExtendedActorSystem system) {
    WireRegistry.MESSAGES.forEach((manifest, type) -> manifests.put(type, manifest));
    kryos =
        new Pool<>(true, false, POOL_BOUND) {
          @Override
          protected Kryo create() {
            return newKryo(ActorRefResolver.get(Adapter.toTyped(system)));
          }
        };
  }

  @Override
  public int identifier() {
    return IDENTIFIER;
  }

  @Override
  public String manifest(Object message) {
    String manifest = manifests.get(message.getClass());
    if (manifest == null) {
      throw new IllegalArgumentException("not registered as a wire message: " + message.getClass());
    }
    return manifest;
  }

  @Override
  public byte[] toBinary(Object message) {
    Output output = new Output(256, MAX_MESSAGE_BYTES);
    write(message, output);
    return output.toBytes();
  }

  @Override
  public void toBinary(Object message, ByteBuffer buffer) {
    write(message, new ByteBufferOutput(buffer));
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    return read(new Input(bytes), manifest);
  }

  @Override
  public Object fromBinary(ByteBuffer buffer, String manifest) throws NotSerializableException {
    return read(new ByteBufferInput(buffer), manifest);
  }

  private void write(Object message, Output output) {
    Kryo kryo = kryos.obtain();
    try {
      kryo.writeObject(output, message);
      output.flush();
    } finally {
      kryos.free(kryo);
    }
  }

  private Object read(Input input, String manifest) throws NotSerializableException {
    Class<? extends WireMessage> type = WireRegistry.MESSAGES.get(manifest);
    if (type == null) {
      throw new NotSerializableException("unknown manifest: " + manifest);
    }
    Kryo kryo = kryos.obtain();
    try {
      return kryo.readObject(input, type);
    } catch (RuntimeException broken) {
      NotSerializableException refused = new NotSerializableException("broken message " + manifest);
      refused.initCause(broken);
      throw refused;
    } finally {
      kryos.free(kryo);
    }
  }

  private static Kryo newKryo(ActorRefResolver refs) {
    Kryo kryo = new Kryo(new InterfaceResolver(), new MapReferenceResolver());
    kryo.setReferences(false);
    kryo.setRegistrationRequired(true);
    kryo.setMaxDepth(MAX_DEPTH);
    kryo.register(String.class, new Bounded.Text());
    kryo.register(int[].class, new Bounded.Ints(), 10);
    kryo.register(long[].class, new Bounded.Longs(), 11);
    kryo.register(float[].class, new Bounded.Floats(), 12);
    kryo.register(TokenLogprobs[].class, new Bounded.Logprobs(), 13);
    kryo.register(List.class, new Bounded.Lists(), 14);
    kryo.register(Map.class, new Bounded.TextMaps(), 15);
    kryo.register(ActorRef.class, new Bounded.Refs(refs), 16);
    kryo.register(KvLayout.class, new Bounded.Layouts(), 17);
    WireRegistry.CLASSES.forEach(
        (number, type) -> kryo.register(type, serializerOf(kryo, type), number));
    return kryo;
  }

  private static Serializer<?> serializerOf(Kryo kryo, Class<?> type) {
    return type.isRecord() ? new RecordSerializer<>(type) : kryo.getDefaultSerializer(type);
  }

  /**
   * Maps every implementation of a list, a map and an actor's address to the one number of its
   * interface.
   */
  private static final class InterfaceResolver extends DefaultClassResolver {

    @Override
    @SuppressWarnings("rawtypes") // Kryo declares it so.
    public Registration getRegistration(Class type) {
      if (ActorRef.class.isAssignableFrom(type)) {
        return super.getRegistration(ActorRef.class);
      } else if (List.class.isAssignableFrom(type)) {
        return super.getRegistration(List.class);
      } else if (Map.class.isAssignableFrom(type)) {
        return super.getRegistration(Map.class);
      }
      return super.getRegistration(type);
    }
  }
}
