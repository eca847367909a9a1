#!/bin/sh
# Makes tests/data/detector_features and tests/data/detector_cases anew; see
# make_detector_cases.py. Needs Deno, Python 3.11, and a network once.
#
#   sh tests/data/make_detector_cases.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

sh "$here/make_venv.sh" oodeel
sh "$here/make_venv.sh" pytorch-ood
cd "$root"
deno run -A tests/support/export_digits.ts
.venv-oodeel/bin/python "$here/make_detector_cases.py" numpy
.venv-oodeel/bin/python "$here/make_detector_cases.py" oodeel
.venv-pytorch-ood/bin/python "$here/make_detector_cases.py" pytorch-ood
