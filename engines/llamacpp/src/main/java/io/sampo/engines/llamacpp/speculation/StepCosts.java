package io.sampo.engines.llamacpp.speculation;

/** What steps are known to take, in milliseconds; 0 where nothing is known yet. */
public interface StepCosts {

  /** A step that continues this many answers by one token each. */
  double answersMillis(int answers);

  /** One drafted token more in a step. */
  double draftedMillis();
}
