/**
 * The native methods of this module, and nothing that decides. Each class owns one kind of native
 * object and gives it back once, in {@code close}; what goes in was validated by the caller,
 * because native code ends the process where Java throws. Its C++ half is in {@code
 * src/main/native}.
 *
 * <p>State: the loaded library, once in a process. Invariant: no handle leaves this package, except
 * as a number that only {@link io.sampo.engines.llamacpp.jni.NativeContext} reads.
 */
@NullMarked
package io.sampo.engines.llamacpp.jni;

import org.jspecify.annotations.NullMarked;
