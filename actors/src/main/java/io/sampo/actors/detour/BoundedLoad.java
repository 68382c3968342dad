package io.sampo.actors.detour;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.actors.wire.ReplicaId;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2018), on rendezvous
 * hashing: each key has its own order of replicas, and goes to the first whose load is not far
 * above the mean. All gateways find the same one, and a replica that comes or goes moves few keys.
 */
final class BoundedLoad {

  /** How far above the mean a load may be. */
  private static final double FACTOR = 1.25;

  /**
   * A replica that can be chosen.
   *
   * @param load sequences it runs or was given
   * @param places it has
   */
  record Choice(ReplicaId replica, int load, int places) {}

  private BoundedLoad() {}

  /** Where this key goes; empty where all places are taken. */
  static Optional<ReplicaId> choose(String key, List<Choice> replicas) {
    int total = replicas.stream().mapToInt(Choice::load).sum();
    double bound = Math.ceil(FACTOR * (total + 1) / Math.max(1, replicas.size()));
    List<Choice> free =
        replicas.stream()
            .filter(choice -> choice.load() < choice.places())
            .sorted(Comparator.comparingLong(choice -> rank(key, choice.replica())))
            .toList();
    return free.stream()
        .filter(choice -> choice.load() < bound)
        .findFirst()
        .or(() -> free.stream().min(Comparator.comparingInt(Choice::load)))
        .map(Choice::replica);
  }

  /** FNV-1a, then the last mixing of MurmurHash3, since names differ in their last byte only. */
  private static long rank(String key, ReplicaId replica) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : (key + '\0' + replica).getBytes(UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
    hash = (hash ^ (hash >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return hash ^ (hash >>> 33);
  }
}
