#!/bin/sh
# Makes .venv-oodeel at the root of the repository: the Python in which the
# fixtures' scripts run. Needs Python 3.11, and a network once.
#
#   sh tests/data/make_venv.sh
#   .venv-oodeel/bin/python tests/data/make_ancestor.py
#
# tensorflowjs asks for packages that cannot be installed together with this
# TensorFlow, so it comes without its dependencies; _recipe.py gives the
# modules that it only imports. oodeel imports faiss and TensorFlow Probability
# without asking for them.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
venv="$root/.venv-oodeel"

"${PYTHON:-python3.11}" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check \
  "tensorflow-cpu==2.15.1" "tf_keras==2.15.1" "tensorflow-probability==0.23.0" \
  "tensorflow-hub==0.16.1" "tensorflow-datasets==4.9.4" "tensorflow-metadata==1.14.0" \
  "datasets==2.21.0" "pyarrow==17.0.0" "pandas==2.2.3" "faiss-cpu==1.15.1" "oodeel==0.4.0" \
  "numpy==1.26.4" "setuptools<70" importlib_resources packaging six
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "tensorflowjs==4.22.0"
