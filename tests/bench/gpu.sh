#!/usr/bin/env bash
# Measures Sonde on the graphics card of a machine without a network, in under 8
# minutes. It brings what tests/bench/gpu_pack.sh packed into .gpu; where a part
# is not there yet, it unpacks the others and says so.
#
#     bash tests/bench/gpu.sh [folder for results]
#
# SMALL=1 runs the first network alone in batches of 1 and 2, for software adapters.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
results=${1:-out/gpu}
home=${SONDE_GPU:-${TMPDIR:-/var/tmp}/sonde-gpu}
begin=$(date +%s)
mkdir -p "$home" "$results"
export NO_COLOR=1 PYTHONUNBUFFERED=1 DENO_NO_UPDATE_CHECK=1
left() { echo $((${LIMIT:-440} - ($(date +%s) - begin))); }
step() { echo; echo "== $* ($(($(date +%s) - begin)) s)"; }
unpacked() { xz -dc "$1" 2>/dev/null || python3 -c 'import lzma,shutil,sys; shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer)' "$1"; }

step "unpack"
if [ ! -x "$home/deno" ] && [ -s .gpu/deno/deno.xz ]; then
  unpacked .gpu/deno/deno.xz >"$home/deno" && chmod +x "$home/deno"
fi
if [ ! -d "$home/cache" ] && [ -s .gpu/rest/cache.tar.xz ]; then
  mkdir -p "$home/cache" && unpacked .gpu/rest/cache.tar.xz | tar -C "$home/cache" -xf -
fi
ls -l "$home"

step "what is there"
uname -a
nproc
nvidia-smi 2>&1 | head -n 20
python3 -c 'import torch, torchvision; print("torch", torch.__version__, torch.cuda.is_available(), "torchvision", torchvision.__version__)' 2>&1 | tail -n 1
python3 -c 'import onnxruntime as o; print("onnxruntime", o.__version__, o.get_available_providers())' 2>&1 | tail -n 1
ldconfig -p | grep -E 'libvulkan|libEGL|libGLX_nvidia|libcudnn' | head
ls /usr/share/vulkan/icd.d /etc/vulkan/icd.d /usr/local/nvidia/share/vulkan/icd.d 2>&1
if ! ldconfig -p | grep -q libvulkan.so.1 && ls .gpu/rest/*.deb >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; then
  for file in .gpu/rest/*.deb; do dpkg -x "$file" /; done
  ldconfig
  echo "Vulkan's loader was unpacked"
fi
if [ -z "${VK_DRIVER_FILES:-}" ] && [ -s /usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json ]; then
  export VK_DRIVER_FILES=/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json
  export VK_ICD_FILENAMES=$VK_DRIVER_FILES
fi
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp}
if [ ! -x "$home/deno" ] || [ ! -d "$home/cache" ]; then
  echo "a part is not there yet: carry .gpu/deno and .gpu/rest, in two calls if need be"
  exit 0
fi

export DENO_DIR=$home/cache
run() { "$home/deno" run -A --cached-only "$@"; }
batches=64,256
only=
if [ -n "${SMALL:-}" ]; then batches=1,2 only=mobilenet; fi

step "the digits network on each device"
"$home/deno" --version
run tests/bench/gpu/smallest.ts cpu
for device in webgpu cuda; do timeout 60 "$home/deno" run -A --cached-only tests/bench/gpu/smallest.ts "$device" 2>&1 | tail -n 6; done

step "Sonde on webgpu"
timeout "$(($(left) - 150))" "$home/deno" run -A --cached-only tests/bench/gpu/main.ts \
  --out="$home/out" --batches="$batches" --only="$only" 2>&1

if [ -n "${SMALL:-}" ]; then exit 0; fi
step "PyTorch, eager"
timeout 60 python3 tests/bench/gpu/torch_rates.py "$home/out" eager "$batches" 2>&1 | tail -n 20
step "layouts"
timeout 45 "$home/deno" run -A --cached-only tests/bench/gpu/layouts.ts "$home/out" 64 2>&1
step "ONNX Runtime's CUDA provider"
timeout 45 python3 tests/bench/gpu/torch_rates.py "$home/out" cuda "$batches" 2>&1 | tail -n 12
step "PyTorch, compiled"
[ "$(left)" -gt 20 ] && timeout "$(left)" python3 tests/bench/gpu/torch_rates.py "$home/out" compiled "$batches" 2>&1 | grep -v Warning | tail -n 20
cp "$home"/out/*.json "$results" 2>/dev/null
step "done"
