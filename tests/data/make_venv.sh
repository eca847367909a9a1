#!/bin/sh
# Makes Pythons at the root of the repository. Needs Python 3.11, and a network
# once; about 2 GB each.
#
#   sh tests/data/make_venv.sh            # all of them
#   sh tests/data/make_venv.sh keras      # .venv-keras: Keras 3, and who is compared with
#   sh tests/data/make_venv.sh oodeel     # .venv-oodeel: oodeel on TensorFlow 2.15
#   sh tests/data/make_venv.sh pytorch-ood  # .venv-pytorch-ood: pytorch-ood on torch
#   sh tests/data/make_venv.sh jupyter    # .venv-jupyter: JupyterLab
#   sh tests/data/make_venv.sh cluster    # .venv-cluster: Ray and Spark
#   .venv-oodeel/bin/python tests/data/make_ancestor.py
#
# tensorflowjs asks for packages that cannot be installed together with this
# TensorFlow, so it comes without its dependencies; _recipe.py gives the
# modules that it only imports. oodeel imports faiss and TensorFlow Probability
# without asking for them.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)

make() { # name packages…
  venv="$root/.venv-$1"
  shift
  "${PYTHON:-python3.11}" -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
}

for name in ${1:-keras oodeel pytorch-ood jupyter}; do
  case $name in
  keras)
    make keras \
      "tensorflow-cpu==2.21.0" "keras==3.15.1" "tf_keras==2.21.0" "jax==0.10.2" \
      "torch==2.15.0" "onnx==1.23.2" "onnxruntime==1.32.0" "onnxscript==0.7.2" \
      "scikit-learn==1.9.1" "skl2onnx==1.20.0" "h5py==3.14.0" "safetensors==0.8.0" \
      "numpy==2.4.6" "protobuf==7.36.2"
    ;;
  oodeel)
    make oodeel \
      "tensorflow-cpu==2.15.1" "tf_keras==2.15.1" "tensorflow-probability==0.23.0" \
      "tensorflow-hub==0.16.1" "tensorflow-datasets==4.9.4" "tensorflow-metadata==1.14.0" \
      "datasets==2.21.0" "pyarrow==17.0.0" "pandas==2.2.3" "faiss-cpu==1.15.1" "oodeel==0.4.0" \
      "numpy==1.26.4" "setuptools<70" importlib_resources packaging six
    "$root/.venv-oodeel/bin/pip" install --quiet --disable-pip-version-check --no-deps \
      "tensorflowjs==4.22.0"
    ;;
  pytorch-ood)
    make pytorch-ood \
      "pytorch-ood==0.4.0" "torch==2.15.0" "numpy==2.4.6" "scipy==1.17.1" \
      "scikit-learn==1.9.1"
    ;;
  jupyter)
    make jupyter "jupyterlab==4.6.6"
    ;;
  cluster)
    make cluster \
      "ray[data]==2.60.0" "pyspark==4.3.0" "pyarrow==26.0.1" "numpy==2.4.6" \
      "pandas==3.1.1" "onnxruntime==1.32.0"
    ;;
  *)
    echo "Cannot make \"$name\" as it must be keras, oodeel, pytorch-ood, jupyter or cluster" >&2
    exit 2
    ;;
  esac
done
