package io.sampo.ops.admin;

import io.sampo.actors.agent.NodeAgent;
import io.sampo.ops.admin.AdminApi.NodeError;
import io.sampo.ops.admin.Question.Arguments;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Asks nodes of the cluster the same thing and gathers what they say until the deadline. */
public final class NodeRound {

  /** Chooses every node. */
  static final String ALL = "all";

  private static final String GATEWAY_ROLE = "gateway";

  /**
   * What was heard.
   *
   * @param errors the nodes that gave no answer
   */
  record Heard<T>(List<T> answers, List<NodeError> errors) {}

  private final JsonMapper json = JsonMapper.builder().build();
  private final ActorSystem<?> system;
  private final Cluster cluster;

  public NodeRound(ActorSystem<?> system) {
    this.system = system;
    this.cluster = Cluster.get(system);
  }

  /** A node's name among nodes. */
  public static String name(Address node) {
    return node.hostPort().substring(node.system().length() + 1);
  }

  /** The node that leads; empty where this one knows none. */
  String leader() {
    Address leader = cluster.state().getLeader();
    return leader == null ? "" : name(leader);
  }

  /** What a node's membership is, in Pekko's words; unreachable ones are marked. */
  String status(String node) {
    Member member = members().get(node);
    if (member == null) {
      return "Gone";
    }
    return member.status().toString() + (unreachable().contains(member) ? " unreachable" : "");
  }

  /** A gateway: this node where it is one. */
  String gateway() {
    String self = name(cluster.selfMember().address());
    return cluster.selfMember().hasRole(GATEWAY_ROLE)
        ? self
        : members().values().stream()
            .filter(member -> member.hasRole(GATEWAY_ROLE) && !unreachable().contains(member))
            .map(member -> name(member.address()))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("the cluster has no gateway now"));
  }

  <T> Heard<T> ask(
      String nodes, Question question, Arguments arguments, Class<T> type, int timeoutMillis) {
    return round(
        nodes, question, arguments, timeoutMillis, text -> List.of(json.readValue(text, type)));
  }

  /** The same where each node answers with a list. */
  <T> Heard<T> askList(
      String nodes, Question question, Arguments arguments, Class<T> element, int timeoutMillis) {
    return round(
        nodes,
        question,
        arguments,
        timeoutMillis,
        text ->
            json.readValue(
                text, json.getTypeFactory().constructCollectionType(List.class, element)));
  }

  private interface Reading<T> {
    List<T> read(String text);
  }

  private <T> Heard<T> round(
      String nodes, Question question, Arguments arguments, int timeoutMillis, Reading<T> reading) {
    String with = json.writeValueAsString(arguments);
    List<NodeError> errors = new ArrayList<>();
    Map<String, CompletableFuture<NodeAgent.Told>> asked = new LinkedHashMap<>();
    chosen(nodes)
        .forEach(
            (name, member) -> {
              if (unreachable().contains(member)) {
                errors.add(new NodeError(name, "unreachable"));
              } else {
                asked.put(name, ask(member, question, with, timeoutMillis));
              }
            });
    List<T> answers = new ArrayList<>();
    asked.forEach(
        (name, future) -> {
          try {
            answers.addAll(read(future.join(), reading));
          } catch (CompletionException failed) {
            errors.add(new NodeError(name, reason(failed, timeoutMillis)));
          } catch (IllegalArgumentException refused) {
            errors.add(new NodeError(name, String.valueOf(refused.getMessage())));
          }
        });
    return new Heard<>(answers, errors);
  }

  private static <T> List<T> read(NodeAgent.Told told, Reading<T> reading) {
    if (told.refusal() != null) {
      throw new IllegalArgumentException(told.refusal());
    }
    try {
      return reading.read(told.answer());
    } catch (JacksonException unreadable) {
      throw new IllegalArgumentException(
          "it answers in a way that this node's version does not understand", unreadable);
    }
  }

  private static String reason(CompletionException failed, int timeoutMillis) {
    return failed.getCause() instanceof TimeoutException
        ? "no answer within " + timeoutMillis + " ms"
        : "it could not be asked";
  }

  private CompletableFuture<NodeAgent.Told> ask(
      Member member, Question question, String arguments, int timeoutMillis) {
    ActorRef<NodeAgent.Command> agent =
        ActorRefResolver.get(system)
            .resolveActorRef(member.address() + "/system/" + NodeAgent.NAME);
    return AskPattern.<NodeAgent.Command, NodeAgent.Told>ask(
            agent,
            replyTo -> new NodeAgent.Ask(question.name(), arguments, replyTo),
            Duration.ofMillis(timeoutMillis),
            system.scheduler())
        .toCompletableFuture();
  }

  private Map<String, Member> chosen(String nodes) {
    Map<String, Member> members = members();
    if (nodes.equals(ALL)) {
      return members;
    }
    String name = nodes.isEmpty() ? name(cluster.selfMember().address()) : nodes;
    Member member = members.get(name);
    if (member == null) {
      throw new IllegalArgumentException(
          "no node is called '" + name + "'; there are: " + String.join(", ", members.keySet()));
    }
    return Map.of(name, member);
  }

  private Map<String, Member> members() {
    ClusterEvent.CurrentClusterState state = cluster.state();
    return StreamSupport.stream(state.getMembers().spliterator(), false)
        .filter(member -> !member.status().equals(MemberStatus.removed()))
        .filter(member -> !member.status().equals(MemberStatus.down()))
        .collect(
            Collectors.toMap(
                member -> name(member.address()),
                member -> member,
                (one, _) -> one,
                LinkedHashMap::new));
  }

  private Set<Member> unreachable() {
    return cluster.state().getUnreachable();
  }
}
