#!/usr/bin/env bash
# Makes the bundled model from nothing: about an hour and a half on two cores.
#   training/run_small.sh [FOLDER] [PUBLIC_SETS]
set -euo pipefail
run=${1:-runs/small}
public=${2:-../shared/data}
python -m frontdesk.training.collect "$run" --public "$public"
python -m frontdesk.training.pretrain "$run"
python -m frontdesk.training.collect "$run" --public "$public" --into preferences --seed 8 --scale 0.6 \
    --kinds written generated turns public
python -m frontdesk.training.dpo "$run"
python -m frontdesk.training.export "$run"
python -m frontdesk.training.evaluate "$run/export/frontdesk-small-q8_0.gguf" \
    --adapter "$run/export/refusal.gguf" --run "$run" --json "$run/evaluation.json"
