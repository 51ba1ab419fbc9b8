"""How far an epoch is."""

from frontdesk.training.progress import told


def test_every_batch_comes_and_the_rest_is_told() -> None:
    said: list[str] = []
    assert list(told("abcd", 4, "epoch 1 of 2", said.append, every=0)) == list("abcd")
    assert [line.partition(" batches")[0] for line in said] == [
        f"epoch 1 of 2: {done} of 4" for done in (1, 2, 3)
    ]


def test_a_quick_epoch_says_nothing() -> None:
    said: list[str] = []
    assert list(told("abcd", 4, "epoch", said.append)) == list("abcd")
    assert not said
