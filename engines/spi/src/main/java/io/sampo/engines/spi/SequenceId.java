package io.sampo.engines.spi;

/** Names a sequence inside one engine; chosen by the caller and never used twice. */
public record SequenceId(long value) {}
