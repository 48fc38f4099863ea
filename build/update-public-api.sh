#!/usr/bin/env bash
# Writes the library's present public surface into PublicAPI.Unshipped.txt: look at the diff, then commit it.
set -euo pipefail
cd "$(dirname "$0")/.."
project=src/Microsoft.ML.Seq2Seq
printf '#nullable enable\n' > "$project/PublicAPI.Unshipped.txt"
dotnet format analyzers "$project" --diagnostics RS0016 --severity warn
git diff --stat -- "$project/PublicAPI.Unshipped.txt"
