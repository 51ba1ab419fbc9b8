"""The app on the ruled decider: what the browser tests open with `streamlit run`."""

import sys
from pathlib import Path

from frontdesk.graphs import Assistant, Settings
from frontdesk.ui.app import run

sys.path.append(str(Path(__file__).parent))  # tests are no package; the decider is beside this

from ruled_decider import RuledDecider


def open_ruled() -> Assistant:
    """Open the assistant of FRONTDESK_CONFIG with rules in the place of a model."""
    return Assistant.open(Settings.load(), decider=RuledDecider())


run(open_ruled)
