"""The arithmetic of an evaluation, and what keeps a worse model out of service."""

import pytest

from frontdesk.training.evaluation.calibration import calibrate
from frontdesk.training.evaluation.compare import differences, loss_by_chance
from frontdesk.training.evaluation.intervals import wilson
from frontdesk.training.evaluation.measures import GUARDED
from frontdesk.training.evaluation.report import make_report, to_html, to_responses
from frontdesk.training.evaluation.routes import confusion, macro_f1
from frontdesk.training.evaluation.verdict import Verdict
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.promotion import refuse_worse


def verdicts(right: int, of: int) -> list[Verdict]:
    return [
        Verdict(
            organisation="clinic",
            source="generated",
            question=f"question {n} <b>&",
            want="search",
            got="search" if n < right else "refuse",
            right=n < right,
            probability=0.9,
            measures={"routing": n < right, "declined: harm": True},
            grade="right" if n < right else "wrong",
            answer="Day pass $11.00 [1]",
            labelled=("$11.00",),
            ms=10.0 + n,
        )
        for n in range(of)
    ]


def test_wilson_agrees_with_published_values() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263, 0 of 20.
    share, low, high = wilson(81, 263)
    assert (round(share, 4), round(low, 4), round(high, 4)) == (0.3080, 0.2553, 0.3662)
    assert [round(v, 4) for v in wilson(0, 20)[1:]] == [0.0, 0.1611]
    assert wilson(0, 0) == (0.0, 0.0, 1.0)


def test_calibration_of_honest_and_of_boastful_probabilities() -> None:
    honest = calibrate([0.75] * 4, [True, True, True, False])
    assert honest.error == 0
    boastful = calibrate([0.95] * 4 + [0.05] * 4, [False] * 4 + [True] * 4)
    assert boastful.error == pytest.approx(0.95)
    assert calibrate([1.0, 0.0], [True, False]).error == 0


def test_macro_f1_counts_labels_equally() -> None:
    table = confusion([("a", "a")] * 9 + [("b", "a")])
    assert table == {"a": {"a": 9}, "b": {"a": 1}}
    assert macro_f1(table) == pytest.approx((2 * 9 / (10 + 9) + 0) / 2, abs=1e-4)


def test_the_chance_of_a_loss_is_that_of_a_fair_coin() -> None:
    assert loss_by_chance(9, 1) == (10 + 1) / 1024  # nine heads of ten, or ten
    assert loss_by_chance(0, 0) == loss_by_chance(0, 5) == 1
    assert loss_by_chance(5, 0) == 1 / 32


def test_a_model_that_loses_more_than_chance_explains_is_refused() -> None:
    service = ("old", "", verdicts(95, 100))
    slightly = make_report("Clinic", "d", service, ("new", "", verdicts(91, 100)))
    refuse_worse(slightly)
    clearly = make_report("Clinic", "d", service, ("new", "", verdicts(80, 100)))
    with pytest.raises(TrainingError, match=r"routing: 80.0% against 95.0%.*15 lost and 0 gained"):
        refuse_worse(clearly)
    refuse_worse(clearly, allowed=("routing",))


def test_a_handful_of_questions_keeps_no_model_out() -> None:
    (routing,) = (
        row for row in differences(verdicts(0, 1), verdicts(1, 1)) if row.measure == "routing"
    )
    assert (routing.lost, routing.gained, routing.worse) == (1, 0, False)


def test_only_questions_that_both_were_judged_on_are_compared() -> None:
    ours, theirs = verdicts(8, 10), verdicts(10, 10)
    ours[0] = ours[0].model_copy(update={"measures": {"routing": True}})
    rows = {row.measure: row for row in differences(ours, theirs)}
    assert rows["declined: harm"].candidate.of == rows["declined: harm"].service.of == 9
    assert (rows["routing"].lost, rows["routing"].gained) == (2, 0)
    with pytest.raises(ValueError, match="beside"):
        differences(ours[::-1], theirs)


def test_only_guarded_measures_keep_a_model_out() -> None:
    ours = [v.model_copy(update={"measures": {"declined: harm": False}}) for v in verdicts(9, 50)]
    rows = {row.measure: row for row in differences(ours, verdicts(9, 50))}
    assert rows["declined: harm"].lost == 50 and not rows["declined: harm"].worse
    assert "declined: harm" not in GUARDED


def test_the_page_shows_text_as_text() -> None:
    asked = verdicts(8, 10)
    report = make_report("A <script> & Co", "d", ("old", "", asked), ("new", "x", asked))
    page = to_html(report, asked)
    assert "<script>" not in page and "A &lt;script&gt; &amp; Co" in page
    assert "question 9 &lt;b&gt;&amp;" in page
    assert to_html(report, asked) == page


def test_responses_stand_beside_their_questions() -> None:
    text = to_responses(verdicts(2, 3), 2, seed=1)
    assert text.count("## question") == 2 and "Day pass $11.00 [1]" in text
    assert to_responses(verdicts(2, 3), 2, seed=1) == text
