#!/usr/bin/env bash
# Makes the bundled model from nothing, then measures it on tests/corpora.
#   training/run_small.sh [FOLDER] [PUBLIC_SETS] [further options of frontdesk train]
# Stopped? Run it again: what is done is skipped, a killed stage goes on from its last checkpoint.
set -euo pipefail
run=${1:-runs/small}
public=${2:-}
shift $(($# < 2 ? $# : 2))
exec python -m frontdesk.ui.cli train --recipe small --folder "$run" --resume ${public:+--public "$public"} "$@"
