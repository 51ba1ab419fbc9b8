#!/usr/bin/env bash
# Every stage for the sample organisation: some minutes on two cores, ending with its own model in service.
#   training/run_tiny.sh [FOLDER] [further options of frontdesk train]
set -euo pipefail
sample=$(dirname "$0")/../examples/kestrel-valley
python "$sample/serve.py" > /dev/null &
trap "kill $!" EXIT
python -m frontdesk.ui.cli train --config "$sample/frontdesk.toml" --recipe tiny ${1:+--folder "$1"} "${@:2}"
