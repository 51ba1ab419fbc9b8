"""Write minilm_reference.npy: the original's vectors for the texts of test_embedding.py.

python tests/db/minilm_reference.py
"""

import runpy
from pathlib import Path

import numpy as np

from frontdesk.db.ingest.embed import TransformerEmbedder

if __name__ == "__main__":
    here = Path(__file__).parent
    texts = runpy.run_path(str(here / "test_embedding.py"))["TEXTS"]
    np.save(here / "minilm_reference.npy", TransformerEmbedder().embed(texts))
