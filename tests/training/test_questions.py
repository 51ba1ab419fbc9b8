"""The questions of an organisation are the same whenever they are made."""

import os
import subprocess
import sys

import pytest

MAKE = """
import random
from frontdesk.training.corpus import read_corpora
from frontdesk.training.questions import Mix, desk_questions

for organisation in read_corpora()[:6]:
    for question in desk_questions(organisation, Mix(), random.Random(7)):
        print(question.model_dump_json())
"""


@pytest.fixture(scope="module")
def made() -> list[str]:
    def make(hash_seed: str) -> str:
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        line = [sys.executable, "-c", MAKE]
        return subprocess.run(
            line, env=environment, check=True, capture_output=True, text=True
        ).stdout

    return [make("1"), make("2")]


def test_same_in_every_process(made: list[str]) -> None:
    assert len(made[0].splitlines()) > 1000
    assert made[0] == made[1]
