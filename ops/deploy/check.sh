#!/usr/bin/env bash
# Runs every validator of this folder's files that is installed and names those that are not. Exits 1 when one finds something.
#
# What these tools do not see the tests do: ChartTest (the chart by Helm itself, its objects by Kubernetes' own kinds, flags by Sampo's) and
# MetricNamesIT (names of metrics) run with every build.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$here" || exit 1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
ran=0
skipped=()

# check NAME TOOL COMMAND…: runs it where the tool is.
check() {
  local name=$1 tool=$2
  shift 2
  if ! command -v "$tool" >/dev/null; then
    skipped+=("$name ($tool is not installed)")
    return
  fi
  ran=$((ran + 1))
  if "$@" >"$scratch/out" 2>&1; then
    echo "ok      $name"
  else
    echo "FAILED  $name"
    sed 's/^/        /' "$scratch/out"
    failed=$((failed + 1))
  fi
}

# The units as they are, with this clone's start script, so that the program is found.
units() {
  local unit said
  for unit in systemd/*.service; do
    sed "s#/opt/sampo/#$root/cluster/#" "$unit" >"$scratch/${unit##*/}"
    said=$(systemd-analyze verify --man=no "$scratch/${unit##*/}" 2>&1) || { echo "$said"; return 1; }
    # Of a key that it does not know it only warns.
    [ -z "$said" ] || { echo "$said"; return 1; }
  done
}

# Exposure from 0 to 100, lowest is safest.
exposure() {
  local unit
  for unit in systemd/*.service; do
    systemd-analyze security --no-pager --offline=true --threshold=20 "$scratch/${unit##*/}" || return 1
  done
}

render() { helm template sampo helm --namespace default >"$scratch/sampo.yaml"; }

check "alert rules are rules" promtool promtool check rules helm/files/rules.yaml
check "alerts fire on their symptoms" promtool promtool test rules prometheus/rules_test.yaml
check "systemd units" systemd-analyze units
check "systemd units may do little" systemd-analyze exposure
check "dashboards are JSON" python3 python3 -c 'import json,sys; [json.load(open(f)) for f in sys.argv[1:]]' helm/files/cluster.json helm/files/model.json
check "Dockerfile" hadolint hadolint Dockerfile
check "scripts" shellcheck shellcheck check.sh "$root/ops/web/build.sh"
check "YAML" yamllint yamllint -d '{extends: relaxed, rules: {line-length: disable}}' helm/values.yaml helm/Chart.yaml helm/files/rules.yaml kubernetes/sampo.yaml prometheus/rules_test.yaml
check "chart" helm helm lint --strict helm
check "chart gives the manifests" helm render
check "manifests against Kubernetes' schemas" kubeconform kubeconform -strict -summary -ignore-missing-schemas kubernetes/sampo.yaml

for one in "${skipped[@]}"; do echo "skipped $one"; done
echo "$((ran - failed)) passed, $failed failed, ${#skipped[@]} skipped"
[ "$failed" -eq 0 ]
