#!/usr/bin/env bash
# simulate.sh [SEEDS [FIRST]] : plays the decisions of router, scheduler and generation under so many seeds (10000) of a lossy network with
# dying, freezing and slow replicas; names the seed that fails and ends with 1. A single seed again: simulate.sh 1 SEED
set -euo pipefail
cd "$(dirname "$0")/../.."
mvn -q -B -pl actors -am test -Dtest=ClusterSimulationTest -Dsurefire.failIfNoSpecifiedTests=false \
  -Dtest.jvm="-Dsimulation.seeds=${1:-10000} -Dsimulation.first=${2:-0}"
echo "${1:-10000} seeds, none failed"
