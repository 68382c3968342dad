import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.router.RouterSettings;
import io.sampo.actors.scheduler.PlacementRequest;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.actors.scheduler.SchedulerSettings;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.ServiceClass;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.ModelTask;
import io.sampo.kvcache.block.BlockChain;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * How long a router and its scheduler take to say where a prompt goes: from its ids, which are
 * hashed here, to the assignment. One question at a time, prompts of some groups that begin alike,
 * all replicas reporting as they do.
 */
public final class Decisions {

  private static final ModelId MODEL = new ModelId("m");
  private static final int GROUPS = 50;
  private static final int SHARED_TOKENS = 8000;
  private static final int BLOCK_TOKENS = 32;
  private static final int STANDING = 200;

  public static void main(String[] args) throws Exception {
    int replicas = Integer.parseInt(args[0]);
    int tokens = Integer.parseInt(args[1]);
    int questions = Integer.parseInt(args[2]);
    String policy = args[3];
    Config config =
        ConfigFactory.parseString(
                "pekko { actor.provider = local, loglevel = WARNING }\n"
                    + "actors.router { replica-lost-after = 1h, policy = "
                    + policy
                    + " }")
            .withFallback(ConfigFactory.load());
    BlockingQueue<Scheduler.Reply> replies = new ArrayBlockingQueue<>(16);
    Behavior<Router.Command> router =
        Router.create(MODEL, RouterSettings.from(config), SchedulerSettings.from(config));
    ActorSystem<Object> system =
        ActorSystem.create(
            Behaviors.setup(
                context -> {
                  ActorRef<Router.Command> routing = context.spawn(router, "router");
                  ActorRef<Scheduler.Reply> heard =
                      context.spawn(
                          Behaviors.<Scheduler.Reply>receiveMessage(
                              reply -> {
                                replies.add(reply);
                                return Behaviors.same();
                              }),
                          "heard");
                  ActorRef<Replica.Command> replica =
                      context.spawn(Behaviors.<Replica.Command>ignore(), "replica");
                  new Thread(
                          () ->
                              ask(
                                  routing,
                                  heard,
                                  replica,
                                  replies,
                                  replicas,
                                  tokens,
                                  questions,
                                  context.getSystem()))
                      .start();
                  return Behaviors.empty();
                }),
            "decisions",
            config);
    system.getWhenTerminated().toCompletableFuture().get(5, TimeUnit.MINUTES);
  }

  private static void ask(
      ActorRef<Router.Command> router,
      ActorRef<Scheduler.Reply> heard,
      ActorRef<Replica.Command> replica,
      BlockingQueue<Scheduler.Reply> replies,
      int replicas,
      int tokens,
      int questions,
      ActorSystem<Void> system) {
    try {
      Random random = new Random(1);
      BlockChain chain = new BlockChain(new byte[16], new byte[32], BLOCK_TOKENS);
      long[] nanos = new long[questions];
      for (int i = 0; i < questions; i++) {
        if (i % 500 == 0) {
          report(router, replica, replicas, i);
        }
        int[] ids = prompt(random, tokens);
        long began = System.nanoTime();
        long[] hashes = chain.hashes(ids);
        router.tell(
            new Router.Place(
                new PlacementRequest(
                    key(i),
                    "s" + random.nextInt(5000),
                    ids.length + 1,
                    100,
                    hashes,
                    0,
                    ServiceClass.INTERACTIVE,
                    60_000,
                    heard)));
        Scheduler.Reply reply = replies.poll(10, TimeUnit.SECONDS);
        nanos[i] = System.nanoTime() - began;
        if (!(reply instanceof Scheduler.Assigned)) {
          throw new IllegalStateException("no assignment of " + i + ": " + reply);
        }
        if (i >= STANDING) {
          router.tell(new Router.Release(key(i - STANDING)));
        }
      }
      long[] warm = Arrays.copyOfRange(nanos, questions / 2, questions);
      Arrays.sort(warm);
      System.out.printf(
          "%d replicas, %d tokens, %d questions after as many to warm up: p50 %d us, p99 %d us,"
              + " longest %d us%n",
          replicas,
          tokens,
          warm.length,
          warm[warm.length / 2] / 1000,
          warm[warm.length * 99 / 100] / 1000,
          warm[warm.length - 1] / 1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      system.terminate();
    }
  }

  private static SequenceKey key(int number) {
    return new SequenceKey("g" + number, 0, 0);
  }

  private static int[] prompt(Random random, int tokens) {
    int[] ids = new int[tokens];
    int group = random.nextInt(GROUPS);
    for (int i = 0; i < tokens; i++) {
      ids[i] = i < Math.min(SHARED_TOKENS, tokens) ? group * 31 + i : random.nextInt(100_000);
    }
    return ids;
  }

  private static void report(
      ActorRef<Router.Command> router, ActorRef<Replica.Command> replica, int replicas, int round) {
    for (int i = 0; i < replicas; i++) {
      long steps = 1 + round;
      EngineStats stats =
          new EngineStats(
              0,
              0,
              0,
              0,
              50_000,
              1000,
              50,
              0,
              0,
              0,
              0,
              0,
              steps,
              0,
              steps * 100,
              steps * 4,
              steps * (10 + i % 5) * 1_000_000);
      router.tell(
          new Router.ReplicaReported(
              new Replica.Report(
                  new ReplicaId(MODEL, i),
                  replica,
                  Replica.State.READY,
                  new EngineCapabilities(
                      "simulated",
                      true,
                      "none",
                      32_768,
                      8,
                      1000,
                      0,
                      true,
                      false,
                      ModelTask.GENERATE,
                      0),
                  stats,
                  List.of(),
                  null,
                  0,
                  null)));
    }
  }
}
