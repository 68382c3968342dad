#!/usr/bin/env bash
# simulate.sh [SEEDS [FIRST]] : plays the decisions of router, scheduler and generation under so many seeds (10000) of a lossy network with
# dying, freezing and slow replicas; prints each seed that fails and ends with 1 when one did. A single seed again: simulate.sh 1 SEED
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
classpath=$(mktemp)
trap 'rm -f "$classpath"' EXIT
mvn -q -B -pl actors -am test-compile dependency:build-classpath -Dmdep.outputFile="$classpath" -Dmdep.includeScope=test
"$("$root/cluster/bin/java25")" -XX:+UseSerialGC --sun-misc-unsafe-memory-access=allow \
  -cp "actors/target/test-classes:actors/target/classes:$(cat "$classpath")" \
  io.sampo.actors.simulation.ClusterSimulation "${1:-10000}" "${2:-0}"
