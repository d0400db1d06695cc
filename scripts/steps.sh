# Shared by the scripts beside it: steps with a log, and what to say when one fails. Sourced, never run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc 2>/dev/null || echo 2)
mkdir -p "$root/build"

# A second clone of the same sources finds what the first one compiled.
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1

bold='' red='' dim='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
  [[ -t 2 ]] || red=''
fi

steps_total=1 step_number=0

# A path as the user would type it from the root of the project.
short() { printf '%s' "${1#"$root"/}"; }

say() { printf '%s\n' "$*"; }

fail() {
  printf '%smpreg: %s%s\n' "$red" "$*" "$plain" >&2
  exit 1
}

# next_step WHAT [LOG]: the line that says what happens now.
next_step() {
  step_number=$((step_number + 1))
  local where=''
  [[ -n ${2:-} ]] && where=" ${dim}(log: $(short "$2"))${plain}"
  printf '%s[%d/%d]%s %s ...%s\n' "$bold" "$step_number" "$steps_total" "$plain" "$1" "$where"
}

# Shows the last line of a growing log until it is stopped, or this script is gone.
watch_log() {
  local log=$1 width line
  width=$(tput cols 2>/dev/null || echo 80)
  while sleep 0.5 && kill -0 $$ 2>/dev/null; do
    line=$(tail -n 1 "$log" 2>/dev/null | tr -d '\r\033') || true
    printf '\r\e[K  %s%s%s' "$dim" "${line:0:width-4}" "$plain"
  done
}

# logged LOG COMMAND...: runs it gently into a log; shows the log's end when it fails.
logged() {
  local log=$1 watcher='' status=0
  shift
  mkdir -p "$(dirname "$log")"
  if [[ -t 1 ]]; then
    watch_log "$log" &
    watcher=$!
  fi
  nice "$@" >>"$log" 2>&1 || status=$?
  if [[ -n $watcher ]]; then
    kill "$watcher" 2>/dev/null || true
    wait "$watcher" 2>/dev/null || true
    printf '\r\e[K'
  fi
  ((status == 0)) && return
  printf '%s----- from %s%s\n' "$dim" "$(short "$log")" "$plain" >&2
  # What is wrong may stand far above the end of a parallel build: the first complaints, then the end.
  grep -nE '(error|Error|FAILED):' "$log" | head -n 12 >&2 || true
  tail -n 25 "$log" >&2
  fail "step $step_number failed (status $status): $*; the whole log is $(short "$log")"
}

# build PRESET [TARGET...]: configures and builds into build/<preset>; everything when no target is named.
build() {
  local preset=$1 log="$root/build/$1.log"
  shift
  : >"$log"
  (cd "$root" && logged "$log" cmake --preset "$preset")
  local arguments=(--build "$root/build/$preset" -j "$jobs")
  (($# == 0)) || arguments+=(--target "$@")
  logged "$log" cmake "${arguments[@]}"
}

# targets PRESET REGEX: the names of the configured targets that match, one a line.
targets() {
  ninja -C "$root/build/$1" -t targets all 2>/dev/null | sed -n '/^cmake_object_order_/d; s/: phony$//p' | grep -Ex -- "$2" | sort -u || true
}

# show_help: prints the comment at the head of the calling script, and leaves.
show_help() {
  sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$1"
  exit 0
}
