#!/bin/sh
# The golden harness in any CI: each job runs one part of the whole, the last one joins what they found.
#
#   golden-ci.sh run 1/4 [SUBJECT...]     in job 1 of 4: golden-reports/shard-1-of-4.json, to be kept for the last job
#   golden-ci.sh merge                    in the last job: golden-reports/golden.json and golden.md
#
# GOLDEN_REPORTS names another folder, HOLDFAST_GOLDEN another program. Both exit as golden does: 0 only where all passed. A part
# that nobody ran is red in the merge, and named.
set -eu

reports=${GOLDEN_REPORTS:-golden-reports}
golden=${HOLDFAST_GOLDEN:-golden}

case ${1:-} in
run)
  shard=${2:?"name a part of the whole, such as 1/4"}
  shift 2
  mkdir -p "$reports"
  report=$reports/shard-$(printf %s "$shard" | sed 's|/|-of-|').json
  status=0
  "$golden" run --shard "$shard" --json -- "$@" >"$report" || status=$?
  # Nothing but a report may reach the merge: a refusal is told here, and its part is missing there.
  if ! grep -q '"scenarios"' "$report"; then
    cat "$report" >&2
    rm -f "$report"
  fi
  exit "$status"
  ;;
merge)
  status=0
  "$golden" merge --out "$reports/golden.json" --format markdown "$reports"/shard-*.json >"$reports/golden.md" || status=$?
  cat "$reports/golden.md"
  exit "$status"
  ;;
*)
  sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
  exit 2
  ;;
esac
