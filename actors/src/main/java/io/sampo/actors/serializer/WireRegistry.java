package io.sampo.actors.serializer;

import io.sampo.actors.agent.NodeAgent;
import io.sampo.actors.holder.Holder;
import io.sampo.actors.holder.StoreAddress;
import io.sampo.actors.placement.Placement;
import io.sampo.actors.replica.CacheUse;
import io.sampo.actors.replica.KvCounters;
import io.sampo.actors.replica.KvOffer;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.PlacementRequest;
import io.sampo.actors.scheduler.ReplicaRates;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.actors.scheduler.SchedulerStats;
import io.sampo.actors.standby.Standby;
import io.sampo.actors.standby.StreamRecord;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.KvHint;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.ServiceClass;
import io.sampo.actors.wire.WireMessage;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.Grammar;
import io.sampo.engines.spi.KvScope;
import io.sampo.engines.spi.ModelTask;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.TokenLogprobs;
import io.sampo.kvcache.event.AllBlocksCleared;
import io.sampo.kvcache.event.BlockRemoved;
import io.sampo.kvcache.event.BlockStored;
import io.sampo.kvcache.event.Tier;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Every class that may stand in a message, with its number. Numbers and manifests are never reused:
 * a record that changes its components gets a new manifest, and the old one is still read for one
 * release.
 */
final class WireRegistry {

  /** Manifest to message. */
  static final Map<String, Class<? extends WireMessage>> MESSAGES = messages();

  /** Number to class, of messages and of their parts. Numbers below 20 are Kryo's own. */
  static final Map<Integer, Class<?>> CLASSES = classes();

  private WireRegistry() {}

  private static Map<String, Class<? extends WireMessage>> messages() {
    Map<String, Class<? extends WireMessage>> messages = new LinkedHashMap<>();
    messages.put("rL2", Replica.Load.class);
    messages.put("rS4", Replica.Start.class);
    messages.put("rE1", Replica.Embed.class);
    messages.put("rP1", Replica.PromptPiece.class);
    messages.put("rA1", Replica.Allow.class);
    messages.put("rC1", Replica.Cancel.class);
    messages.put("rG1", Replica.GenerationAlive.class);
    messages.put("eB1", Replica.Begun.class);
    messages.put("eT1", Replica.Tokens.class);
    messages.put("eV1", Replica.Vector.class);
    messages.put("eF2", Replica.Finished.class);
    messages.put("eD1", Replica.Declined.class);
    messages.put("eR1", Replica.Rejected.class);
    messages.put("eX1", Replica.Broken.class);
    messages.put("eA1", Replica.Alive.class);
    messages.put("oP4", Router.Place.class);
    messages.put("oR1", Router.Release.class);
    messages.put("oS4", Router.ReplicaReported.class);
    messages.put("oD1", Router.Describe.class);
    messages.put("oA4", Router.Description.class);
    messages.put("sA2", Scheduler.Assigned.class);
    messages.put("sR1", Scheduler.Refused.class);
    messages.put("rB1", Replica.LoadAdapter.class);
    messages.put("rU1", Replica.UnloadAdapter.class);
    messages.put("rD1", Replica.AdapterSettled.class);
    messages.put("pL1", Placement.LoadAdapter.class);
    messages.put("pU1", Placement.UnloadAdapter.class);
    messages.put("pA1", Placement.Adapters.class);
    messages.put("hF1", Holder.Follow.class);
    messages.put("hM1", Holder.More.class);
    messages.put("hH1", Holder.Happened.class);
    messages.put("hP1", Holder.Piece.class);
    messages.put("oX1", Router.ReplicaDoubted.class);
    messages.put("pS1", Placement.ReplicaSeen.class);
    messages.put("pE1", Placement.EngineNodeLeaves.class);
    messages.put("oI1", Router.Inspect.class);
    messages.put("oJ2", Router.Inspected.class);
    messages.put("oB1", Router.Rebind.class);
    messages.put("oC1", Router.Rebound.class);
    messages.put("nA1", NodeAgent.Ask.class);
    messages.put("nT1", NodeAgent.Told.class);
    messages.put("tC1", Standby.Copy.class);
    messages.put("tE1", Standby.Extend.class);
    messages.put("tR1", Standby.Rest.class);
    messages.put("tQ1", Standby.Claim.class);
    messages.put("tA1", Standby.Claimed.class);
    messages.put("tF1", Standby.Quarantined.class);
    messages.put("tK1", Standby.Note.Kept.class);
    messages.put("tN1", Standby.Note.Alone.class);
    messages.put("tS1", Standby.Note.Superseded.class);
    return Map.copyOf(messages);
  }

  private static Map<Integer, Class<?>> classes() {
    Map<Integer, Class<?>> classes = new LinkedHashMap<>();
    classes.put(20, ModelId.class);
    classes.put(21, ReplicaId.class);
    classes.put(22, SequenceKey.class);
    classes.put(23, ErrorCode.class);
    classes.put(24, Failure.class);
    classes.put(25, ModelSpec.class);
    classes.put(26, EngineSettings.class);
    classes.put(27, EngineSettings.KvType.class);
    classes.put(28, EngineSettings.FlashAttention.class);
    classes.put(29, EngineCapabilities.class);
    classes.put(30, EngineStats.class);
    classes.put(31, FinishReason.class);
    classes.put(32, Sampling.class);
    classes.put(33, TokenLogprobs.class);
    classes.put(34, PlacementRequest.class);
    classes.put(35, Replica.Report.class);
    classes.put(36, Replica.State.class);
    classes.put(37, Grammar.class);
    classes.put(38, ModelTask.class);
    classes.put(39, KvScope.class);
    classes.put(40, Replica.Load.class);
    classes.put(41, Replica.Start.class);
    classes.put(42, Replica.PromptPiece.class);
    classes.put(43, Replica.Allow.class);
    classes.put(44, Replica.Cancel.class);
    classes.put(45, Replica.GenerationAlive.class);
    classes.put(46, Replica.Begun.class);
    classes.put(47, Replica.Tokens.class);
    classes.put(48, Replica.Finished.class);
    classes.put(49, Replica.Declined.class);
    classes.put(50, Replica.Rejected.class);
    classes.put(51, Replica.Broken.class);
    classes.put(52, Replica.Alive.class);
    classes.put(53, Replica.Embed.class);
    classes.put(54, Replica.Vector.class);
    classes.put(55, CacheUse.class);
    classes.put(60, Router.Place.class);
    classes.put(61, Router.Release.class);
    classes.put(62, Router.ReplicaReported.class);
    classes.put(63, Router.Describe.class);
    classes.put(64, Router.Description.class);
    classes.put(70, Scheduler.Assigned.class);
    classes.put(71, Scheduler.Refused.class);
    classes.put(80, Adapter.class);
    classes.put(81, Replica.LoadAdapter.class);
    classes.put(82, Replica.UnloadAdapter.class);
    classes.put(83, Replica.AdapterSettled.class);
    classes.put(84, Placement.LoadAdapter.class);
    classes.put(85, Placement.UnloadAdapter.class);
    classes.put(86, Placement.Adapters.class);
    classes.put(90, Holder.Follow.class);
    classes.put(91, Holder.More.class);
    classes.put(92, Holder.Happened.class);
    classes.put(93, Holder.Piece.class);
    classes.put(94, Tier.class);
    classes.put(95, BlockStored.class);
    classes.put(96, BlockRemoved.class);
    classes.put(97, AllBlocksCleared.class);
    classes.put(98, StoreAddress.class);
    classes.put(99, KvOffer.class);
    classes.put(100, KvHint.class);
    classes.put(101, ServiceClass.class);
    classes.put(104, KvCounters.class);
    classes.put(65, Router.ReplicaDoubted.class);
    classes.put(87, Placement.ReplicaSeen.class);
    classes.put(88, Placement.EngineNodeLeaves.class);
    classes.put(66, Router.Inspect.class);
    classes.put(67, Router.Inspected.class);
    classes.put(68, Router.Rebind.class);
    classes.put(69, Router.Rebound.class);
    classes.put(72, SchedulerStats.class);
    classes.put(74, ReplicaRates.class);
    classes.put(73, SchedulerStats.Decisions.class);
    classes.put(110, NodeAgent.Ask.class);
    classes.put(111, NodeAgent.Told.class);
    classes.put(120, StreamRecord.class);
    classes.put(121, Standby.Copy.class);
    classes.put(122, Standby.Extend.class);
    classes.put(123, Standby.Rest.class);
    classes.put(124, Standby.Claim.class);
    classes.put(125, Standby.Claimed.class);
    classes.put(126, Standby.Note.Kept.class);
    classes.put(127, Standby.Note.Alone.class);
    classes.put(129, Standby.Quarantined.class);
    classes.put(128, Standby.Note.Superseded.class);
    return classes;
  }
}
