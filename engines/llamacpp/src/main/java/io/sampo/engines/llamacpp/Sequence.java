package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeSampler;
import io.sampo.engines.llamacpp.speculation.Draft;
import io.sampo.engines.llamacpp.speculation.Drafting;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.SequenceRequest;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One accepted request. All of it belongs to the engine's thread, but the token limit and the wish
 * to cancel, which any thread may set.
 *
 * <p>Invariant: 0 <= computed < length: the last token is always still to be computed, since
 * computing it is what gives the next one.
 */
final class Sequence implements Entrance.Request, StepPlanner.Demand, Drafting {

  final SequenceRequest request;
  final SequenceListener listener;

  private final AtomicInteger tokenLimit;
  private volatile boolean cancelled;
  private Kin kin;
  private final Draft draft = new Draft();

  private long awaitedImports;
  private int[] tokens;
  private int length;
  private int computed;
  private int nextIndex;
  private int slot = -1;
  private @Nullable NativeSampler sampler;
  private @Nullable Sequence leader;
  private int awaitedTokens;
  private int followers;
  private int urgency;
  private long arrival;
  private boolean paused;
  private int timesOvertaken;

  Sequence(SequenceRequest request, SequenceListener listener) {
    this.request = request;
    this.listener = listener;
    tokenLimit = new AtomicInteger(request.tokenLimit());
    tokens = request.promptIds();
    length = tokens.length - request.recited();
    nextIndex = request.firstIndex();
    urgency = request.priority();
    kin = new Kin(null, request.scope());
  }

  /**
   * Computes with an adapter, which it has entered, instead of the model alone; before it is
   * queued.
   */
  void use(LoadedAdapter entered) {
    kin = new Kin(entered, request.scope());
  }

  /** What it computes with; null is the model alone. */
  @Nullable LoadedAdapter adapter() {
    return kin.adapter();
  }

  /** With whom it shares KV. */
  Kin kin() {
    return kin;
  }

  /**
   * Begins when so many imports of KV have ended; before it is queued.
   *
   * @param imports as {@link BlockExchange#importsAsked} counts
   */
  void awaitImports(long imports) {
    awaitedImports = imports;
  }

  long awaitedImports() {
    return awaitedImports;
  }

  /** Does not use its adapter any more. For any thread; once more is harmless. */
  void leaveAdapter() {
    LoadedAdapter adapter = kin.adapter();
    if (adapter != null) {
      adapter.leave(this);
    }
  }

  @Override
  public SequenceId id() {
    return request.id();
  }

  @Override
  public int priority() {
    return request.priority();
  }

  /** For any thread. */
  void allow(int limit) {
    tokenLimit.accumulateAndGet(limit, Math::max);
  }

  @Override
  public void cancel() {
    cancelled = true;
  }

  boolean cancelled() {
    return cancelled;
  }

  /**
   * Comes in.
   *
   * @param number counts the sequences of its engine
   */
  void arrive(long number) {
    arrival = number;
  }

  /** Orders sequences by age. */
  long arrival() {
    return arrival;
  }

  /**
   * Begins, or goes on after a pause.
   *
   * @param inSlot its number in the native context
   * @param cachedTokens leading tokens that are held there already
   */
  void begin(int inSlot, int cachedTokens) {
    slot = inSlot;
    computed = cachedTokens;
    paused = false;
  }

  boolean hasBegun() {
    return slot >= 0;
  }

  /** Gives its place to another; what was computed of it may be lost until it goes on. */
  void pause() {
    paused = true;
    computed = 0;
  }

  /** Whether it has begun and waits to go on. */
  boolean paused() {
    return paused;
  }

  /** A more urgent sequence began while this one could have. */
  void overtaken() {
    timesOvertaken++;
  }

  int timesOvertaken() {
    return timesOvertaken;
  }

  /** Its number in the native context; that of a paused one may be another's meanwhile. */
  int slot() {
    return slot;
  }

  /**
   * Waits for another sequence's beginning; a leader of null ends the waiting.
   *
   * @param tokens how many tokens the leader is to compute
   */
  void follow(@Nullable Sequence other, int tokens) {
    if (leader != null) {
      leader.unfollowed();
    }
    leader = other;
    awaitedTokens = tokens;
    if (leader != null) {
      leader.followers++;
      leader.urgency = Math.min(leader.urgency, urgency);
    }
  }

  private void unfollowed() {
    followers--;
    urgency = followers == 0 ? request.priority() : urgency;
  }

  /** Its own priority, or that of a follower which is more urgent. */
  @Override
  public int urgency() {
    return urgency;
  }

  @Nullable Sequence leader() {
    return leader;
  }

  /** How many tokens its leader is to compute before this one begins. */
  int awaitedTokens() {
    return awaitedTokens;
  }

  @Override
  public boolean isFollowed() {
    return followers > 0;
  }

  /** Chooses this sequence's tokens from now on; the sequence frees it. */
  void chooseBy(NativeSampler chosen) {
    sampler = chosen;
  }

  /** Whether its tokens are chosen already, as those of one that goes on are. */
  boolean hasSampler() {
    return sampler != null;
  }

  NativeSampler sampler() {
    if (sampler == null) {
      throw new IllegalStateException("the sequence has not begun");
    }
    return sampler;
  }

  /** Gives back native memory. */
  void end() {
    if (sampler != null) {
      sampler.close();
    }
  }

  /**
   * Tokens of prompt and answer; only the first {@link #length} count. Behind them stand those of
   * the prompt that are still to be told.
   */
  @Override
  public int[] tokens() {
    return tokens;
  }

  @Override
  public int length() {
    return length;
  }

  /** Leading tokens whose KV is held. */
  @Override
  public int computed() {
    return computed;
  }

  /** The index in the answer of the token that comes next. */
  @Override
  public int nextIndex() {
    return nextIndex;
  }

  /** Not while the answer of one that was paused is computed again, which is like a prompt. */
  @Override
  public boolean answers() {
    return length > request.promptIds().length - request.recited() && computed == length - 1;
  }

  /**
   * The prompt may be computed ahead of the limit, but for its last token, which gives a new one.
   */
  @Override
  public int readyTokens() {
    int open = length - computed;
    return nextIndex < tokenLimit.get() ? open : open - 1;
  }

  @Override
  public int recitedTokens() {
    return Math.max(0, -nextIndex);
  }

  @Override
  public Sampling sampling() {
    return request.sampling();
  }

  @Override
  public Draft draft() {
    return draft;
  }

  @Override
  public int draftedTokens() {
    return draft.taken();
  }

  @Override
  public boolean decodes() {
    return answers() && readyTokens() == 1;
  }

  @Override
  public int tokensAllowed() {
    return Math.min(tokenLimit.get(), request.maxTokens()) - nextIndex - 1;
  }

  /** The token of a row: the sequence's own, or a drafted one after its end. */
  int tokenAt(int position) {
    return position < length ? tokens[position] : draft.token(position - length);
  }

  /**
   * The drafted tokens of a step that was computed become tokens, or are computed no more.
   *
   * @param stood how many of them were what the model chose
   * @param next what it chose after them
   */
  void settleDraft(int stood, int next) {
    for (int i = 0; i < stood; i++) {
      append(draft.token(i));
    }
    computed = length;
    draft.settle(stood, next);
  }

  void advance(int computedTokens) {
    computed += computedTokens;
  }

  void append(int token) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, length + Math.max(64, length / 2));
    }
    tokens[length++] = token;
    nextIndex++;
  }
}
