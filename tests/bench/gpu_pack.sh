#!/usr/bin/env bash
# Packs what tests/bench/gpu.sh needs on a machine without a network: Deno, the
# npm packages that its program opens, ONNX Runtime among them, and Vulkan's
# loader, into .gpu/deno and .gpu/rest. Run it on Linux x64, in the repository.
#
# Deno stands alone, so that the two can travel in two calls where one call may
# carry 64 MiB together with the working tree.
set -euo pipefail
cd "$(dirname "$0")/../.."
deno=$(readlink -f "$(command -v deno)")
cache=$(deno info --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["denoDir"])')
mkdir -p .gpu/deno .gpu/rest
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -s .gpu/deno/deno.xz ]; then
  xz --x86 --lzma2=preset=9e,dict=96MiB -c "$deno" >"$work/deno.xz"
  mv "$work/deno.xz" .gpu/deno/deno.xz
fi

# What a short run opens in Deno's cache, on the processor, is what must travel.
strace -f -qq -o "$work/trace" -e trace=file \
  deno run -A --cached-only tests/bench/gpu/main.ts \
  --out="$work/out" --only=none --device=cpu >/dev/null
strace -f -qq -o "$work/trace2" -e trace=file \
  deno run -A --cached-only tests/bench/gpu/smallest.ts >/dev/null
mkdir "$work/cache"
cat "$work/trace" "$work/trace2" | grep -v ENOENT | grep -oE "\"$cache/[^\"]+\"" |
  tr -d '"' | sort -u | while read -r path; do
  case "$path" in *v8_code_cache* | *_cache_v* | *.map | *-wal | *-shm) continue ;; esac
  # Folders too: Deno looks whether those of all packages are there.
  [ "$path" != "$cache/" ] && [ -e "$path" ] && echo "${path#"$cache/"}"
done >"$work/files"
tar -C "$cache" --no-recursion -cf - -T "$work/files" | xz -6 -T2 -c >.gpu/rest/cache.tar.xz

# Vulkan's loader and its like, which a machine with a driver may lack.
(cd .gpu/rest && apt-get download -qq libvulkan1 libegl1 libglvnd0 libopengl0 libgl1 libglx0 libgles2)
du -sh .gpu/deno .gpu/rest
