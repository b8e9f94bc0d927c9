#!/bin/sh
# Makes models/pebble from nothing. Debian 12, as root; Node 20 with npm.
set -eu
cd "$(dirname "$0")"
apt-get update
apt-get install -y --no-install-recommends python3-torch python3-numpy python3-sentencepiece libopenblas0-openmp g++ dpkg-dev
# Debian's interpreter: another python3 on the PATH doesn't see these packages.
python=/usr/bin/python3
# Spinning threads would take the cores from everything else.
export OMP_WAIT_POLICY=passive

mkdir -p work
$python corpus.py fetch
$python corpus.py build
$python tokenizer.py
nice -n 10 $python train.py --minutes 150
$python export.py ../models/pebble
$python parity_values.py pebble
npx tsx fitGate.ts
npm run eval
