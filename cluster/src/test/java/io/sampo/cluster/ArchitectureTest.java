package io.sampo.cluster;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The folder chain {@code cluster → ops → actors → engines → kvcache}, and what must not cross it.
 */
class ArchitectureTest {

  private static final JavaClasses SAMPO =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.sampo");

  @Test
  void seesEveryFolder() {
    for (String folder : List.of("cluster", "actors", "engines", "kvcache")) {
      assertThat(SAMPO.stream())
          .anyMatch(one -> one.getPackageName().startsWith("io.sampo." + folder));
    }
  }

  @Test
  void usesOnlyFoldersToTheRight() {
    mayNotUse("kvcache", "engines", "actors", "ops", "cluster");
    mayNotUse("engines", "actors", "ops", "cluster");
    mayNotUse("actors", "ops", "cluster");
    mayNotUse("ops", "cluster");
  }

  private static void mayNotUse(String folder, String... others) {
    for (String other : others) {
      noClasses()
          .that()
          .resideInAPackage("io.sampo." + folder + "..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.sampo." + other + "..")
          .allowEmptyShould(true)
          .check(SAMPO);
    }
  }

  @Test
  void keepsPekkoOutOfTheDataPlane() {
    noClasses()
        .that()
        .resideInAnyPackage("io.sampo.engines..", "io.sampo.kvcache..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.pekko..")
        .check(SAMPO);
  }

  @Test
  void hasNativeMethodsOnlyInAnEnginesJniPackage() {
    methods()
        .that()
        .haveModifier(JavaModifier.NATIVE)
        .should()
        .beDeclaredInClassesThat()
        .resideInAPackage("io.sampo.engines.*.jni")
        .allowEmptyShould(true)
        .check(SAMPO);
  }

  @Test
  void knowsOfEnginesOnlyTheirInterface() {
    noClasses()
        .that()
        .resideInAnyPackage("io.sampo.actors..", "io.sampo.cluster.gateway..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.sampo.engines.llamacpp..",
            "io.sampo.engines.tensorrtllm..",
            "io.sampo.engines.simulated..")
        .check(SAMPO);
  }

  @Test
  void hasNoCyclesBetweenRooms() {
    slices().matching("io.sampo.(**)").should().beFreeOfCycles().check(SAMPO);
  }
}
