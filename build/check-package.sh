#!/usr/bin/env bash
# Packs the library and uses the package as applications outside of the repository do: built, published in each layout, and
# through a class library. Takes two minutes; needs the repository's own packages only. Prints a line for each check.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

work=$(mktemp -d)
version=0.0.1-check.$(date +%s)
packages=$(dotnet nuget locals global-packages --list | sed 's/^[^:]*: //')
trap 'rm -rf "$work" "$packages/microsoft.ml.seq2seq/$version"' EXIT

quietly() {
  if ! "$@" >"$work/log" 2>&1; then
    cat "$work/log" >&2
    echo "failed: $*" >&2
    exit 1
  fi
}

# project FOLDER OUTPUT_TYPE ITEMS: a project that knows the local package folder, and the machine's usual sources.
project() {
  mkdir -p "$work/$1"
  cat >"$work/$1/$1.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <OutputType>$2</OutputType>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
    <RestoreAdditionalProjectSources>$work/feed</RestoreAdditionalProjectSources>
  </PropertyGroup>
  <ItemGroup>$3</ItemGroup>
</Project>
XML
  if [ "$2" = Exe ]; then cp "$repository/build/package/consumer/Program.cs" "$work/$1/"; fi
}

# check NAME PROGRAM...: the program loads libtorch and adds up 2 × 128 ones.
check() {
  local name=$1
  shift
  "$@" >"$work/log" 2>&1 || true
  if [ "$(tail -n 1 "$work/log")" != "Microsoft.ML.Data 256" ]; then
    cat "$work/log" >&2
    echo "failed: $name" >&2
    exit 1
  fi
  echo "ok: $name"
}

# restores TIMES: how often the last command restored libtorch.
restores() {
  if [ "$(grep -c 'Restored .*TorchPackage\.proj' "$work/log")" -ne "$1" ]; then
    cat "$work/log" >&2
    echo "failed: libtorch is to be restored $1 times" >&2
    exit 1
  fi
}

# fails NAME PATTERN PROJECT OPTION...: building the project is refused with an error that the pattern matches.
fails() {
  local name=$1 pattern=$2
  shift 2
  if dotnet build -c Release "$@" >"$work/log" 2>&1 || ! grep -q "$pattern" "$work/log"; then
    cat "$work/log" >&2
    echo "failed: $name" >&2
    exit 1
  fi
  echo "ok: $name"
}

property() { dotnet msbuild src/Samples/Samples.csproj "-getProperty:$1"; }
torch="<PackageReference Include=\"$(property TorchPackage)\" Version=\"$(property TorchPackageVersion)\" />"
library="<PackageReference Include=\"Microsoft.ML.Seq2Seq\" Version=\"$version\" />"
platform=$(property TorchPlatform)

quietly dotnet pack -c Release src/Microsoft.ML.Seq2Seq "-p:PackageVersion=$version" -o "$work/feed"
for entry in lib/net10.0/Microsoft.ML.Seq2Seq.{dll,xml} \
  buildTransitive/{Microsoft.ML.Seq2Seq.targets,TorchPackage.proj,TorchBackend.props,NativeLibraries.targets,Microsoft.ML.Seq2Seq.Build.Tasks.dll}; do
  # A zip stores names as they are.
  grep -qaF "$entry" "$work/feed/Microsoft.ML.Seq2Seq.$version.nupkg" || { echo "failed: the package lacks $entry" >&2; exit 1; }
done
echo "ok: packed"

cd "$work"
project direct Exe "$library"
quietly dotnet build -c Release direct
restores 1
check "built" dotnet direct/bin/Release/net10.0/direct.dll
quietly dotnet build -c Release direct
restores 0
check "run" dotnet run -c Release --no-build --project direct
quietly dotnet publish -c Release direct -o portable
restores 0
check "published for any platform" dotnet portable/direct.dll
rm -rf portable
quietly dotnet publish -c Release direct -r "$platform" --self-contained false -o specific
restores 1
check "published for $platform" dotnet specific/direct.dll
rm -rf specific
# Packages are shared, and may be read-only.
if [ -e "$packages/microsoft.ml.seq2seq/$version/buildTransitive/obj" ]; then
  echo "failed: the package cache is written to" >&2
  exit 1
fi
fails "a backend that no source has names the package to add" "error SEQ2SEQ002.*dotnet add package TorchSharp-cuda-windows" \
  direct -p:TorchBackend=cuda-windows "-p:RestoreSources=$work/feed"
fails "a platform without a package" "error SEQ2SEQ003.*linux-arm64" direct -r linux-arm64
fails "a TorchSharp whose libtorch is not known" "error SEQ2SEQ004.*TorchSharp 99.0.0" direct -p:TorchSharpVersion=99.0.0
rm -rf direct/bin direct/obj

project middle Library "$library"
project through Exe "<ProjectReference Include=\"../middle/middle.csproj\" />"
quietly dotnet build -c Release through
restores 1
check "through a class library" dotnet through/bin/Release/net10.0/through.dll
rm -rf through/bin through/obj

project explicit Exe "$library$torch"
quietly dotnet build -c Release explicit
restores 0
check "with libtorch referenced" dotnet explicit/bin/Release/net10.0/explicit.dll
fails "libtorch referenced that is not the backend's" "error SEQ2SEQ005" explicit -p:TorchBackend=cuda-linux
rm -rf explicit/bin explicit/obj

project without Exe "$library"
quietly dotnet build -c Release without -p:TorchBackend=none
restores 0
if [ -n "$(find without/bin -name '*torch_cpu*')" ]; then
  echo "failed: TorchBackend=none brings nothing" >&2
  exit 1
fi
echo "ok: TorchBackend=none brings nothing"
