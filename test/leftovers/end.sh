#!/bin/sh
# Usage: end.sh ID, with a pipe as its input. When the pipe closes, which it does however its writer ends, kills each
# process that has the run ID in TEST_RUNS of its environment: all that the run's tests started and did not end.
cat > /dev/null
for _ in $(seq 100); do
  # A process that is killed may just have started another one, which the next look finds.
  left=$(grep -lszE "^TEST_RUNS=.*$1" /proc/[0-9]*/environ | cut -d / -f 3)
  [ -z "$left" ] && exit
  # One may have ended since.
  kill -9 $left 2> /dev/null
  sleep 0.1
done
