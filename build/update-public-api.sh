#!/usr/bin/env bash
# Writes the library's present public surface into PublicAPI.Unshipped.txt: look at the diff, then commit it.
set -euo pipefail
cd "$(dirname "$0")/.."
project=src/Microsoft.ML.Seq2Seq
surface=$project/PublicAPI.Unshipped.txt
printf '#nullable enable\n' >"$surface"
dotnet format analyzers "$project" --diagnostics RS0016 --severity warn
# The analyzer's order varies from run to run.
{ echo '#nullable enable'; grep -v '^#nullable' "$surface" | LC_ALL=C sort; } >"$surface.sorted"
mv "$surface.sorted" "$surface"
git diff --stat -- "$surface"
