"""What the tests of training share."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # tests are no package; toys is beside them
