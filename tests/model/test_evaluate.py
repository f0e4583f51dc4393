import json

import numpy as np
import pandas as pd
import pytest

from detector.errors import BadInput, TooLittleData
from detector.model.evaluate import evaluate, read_scores
from detector.model.measures import curve, point

START = pd.Timestamp("2026-03-20", tz="UTC")


def found(made_up, **options):
    return evaluate(made_up.scores, made_up.data, start=None, **options)


def main(points):
    return next(p for p in points if p.rate == 0.001)


def test_recall_is_that_of_the_joined_truth(made_up):
    activation = made_up.scores[made_up.scores["stage"] == "activation"]
    joined = activation.merge(made_up.truth, on=["carrier_id", "registration_id"])
    expected = point(curve(joined["score"].to_numpy(), joined["fraud"].to_numpy()), 0.001)
    got = main(found(made_up).stage("activation").points)
    assert (got.recall, got.threshold) == (expected.recall, expected.threshold)


def test_the_order_of_score_rows_means_nothing(made_up):
    shuffled = made_up.scores.sample(frac=1, random_state=1)
    again = evaluate(shuffled, made_up.data, start=None)
    assert json.dumps(again.to_json()) == json.dumps(found(made_up).to_json())


def test_csv_gives_what_parquet_gives(made_up):
    for name in ("registrations", "truth", "labels"):
        path = made_up.data / f"{name}.parquet"
        pd.read_parquet(path).to_csv(path.with_suffix(".csv"), index=False)
    before = found(made_up).to_json()
    for path in made_up.data.glob("*.parquet"):
        path.unlink()
    scores = made_up.data / "scores.csv"
    made_up.scores.to_csv(scores, index=False)
    after = evaluate(read_scores(scores), made_up.data, start=None).to_json()
    assert after["stages"][0]["points"] == before["stages"][0]["points"]
    assert after["rings"] == before["rings"]


def test_registrations_before_the_start_do_not_count(made_up):
    later = evaluate(made_up.scores, made_up.data, start=START)
    assert later.measured.registrations < found(made_up).measured.registrations
    assert later.measured.first >= "2026-03-20"


def test_one_threshold_judges_all_patterns(made_up):
    stage = found(made_up).stage("activation")
    caught = sum(p.recall * p.frauds for p in stage.patterns)
    assert caught == pytest.approx(main(stage.points).recall * stage.frauds)
    assert [p.pattern for p in stage.patterns] == ["agent", "mule", "spread", "star"]


def test_decisions_add_up_to_all_registrations(made_up):
    stage = found(made_up).stage("activation")
    assert [d.decision for d in stage.decisions] == ["hold", "step_up", "allow_notify", "allow"]
    assert sum(d.registrations for d in stage.decisions) == stage.registrations
    assert stage.decisions[-1].recall_or_stronger == 1


def test_alerts_of_all_days_are_the_alerts_of_the_point(made_up):
    stage = found(made_up).stage("activation")
    assert sum(stage.alerts[0].series) == main(stage.points).alerts
    assert sum(stage.volume) == stage.registrations
    assert len(stage.days) == len(stage.volume) == len(stage.alerts[0].series)


def test_precision_falls_where_misuse_is_rarer(made_up):
    cells = [r for r in found(made_up).stage("activation").restated if r.rate == 0.01]
    assert [c.prevalence for c in cells] == sorted(c.prevalence for c in cells)
    assert [c.precision for c in cells] == sorted(c.precision for c in cells)


def ring_table(made_up, scores_of_ring, *, before=0):
    """Scores where one ring alone is misused: its lines as given, after some that were not scored."""
    half = len(made_up.registrations) // 2 + 500
    rows = [*range(before), *range(half, half + len(scores_of_ring))]
    truth = made_up.truth.assign(fraud=False, ring=None, pattern=None)
    truth.loc[rows, ["fraud", "ring", "pattern"]] = [True, "r", "star"]
    truth.to_parquet(made_up.data / "truth.parquet")
    scores = made_up.scores[made_up.scores["stage"] == "activation"].copy()
    scores["score"] = np.linspace(0.5, 0.0, len(scores))
    own = scores["registration_id"].isin(made_up.registrations["registration_id"][rows])
    scores.loc[own, "score"] = scores_of_ring
    return evaluate(scores, made_up.data, start=None).rings


def test_lines_let_through_are_those_before_the_first_flag(made_up):
    rings = ring_table(made_up, [0.1, 0.2, 0.9, 0.1, 0.9])
    assert rings.running is None
    assert (rings.new.median_let_through, rings.new.never_flagged) == (2, 0)
    assert rings.new.counts[2] == 1


def test_a_ring_never_flagged_counts_with_all_its_lines(made_up):
    new = ring_table(made_up, [0.1, 0.2, 0.1]).new
    assert (new.median_let_through, new.never_flagged, sum(new.counts)) == (3, 1, 0)


def test_a_ring_with_a_past_is_counted_apart(made_up):
    rings = ring_table(made_up, [0.9, 0.9], before=3)
    assert rings.new is None
    assert (rings.running.rings, rings.running.lines) == (1, 2)


def test_without_truth_the_latest_matured_verdict_counts(made_up):
    (made_up.data / "truth.parquet").unlink()
    result = found(made_up)
    assert (result.measured.truth, result.measured.simulated) == ("labels", False)
    assert "understated" in " ".join(result.measured.notes)
    assert result.measured.last < "2026-04-10"
    assert result.rings is None


def test_a_later_verdict_replaces_an_earlier_one(made_up):
    (made_up.data / "truth.parquet").unlink()
    before = found(made_up).measured.frauds
    path = made_up.data / "labels.parquet"
    told = pd.read_parquet(path)
    cleared = told[told["label"] == "fraud"].iloc[::2].assign(label="legitimate")
    cleared["decided_at"] += pd.Timedelta(hours=1)
    pd.concat([cleared, told]).to_parquet(path)
    assert found(made_up).measured.frauds < before


def test_the_same_registrations_show_whether_a_later_stage_is_better(made_up):
    stages = found(made_up).stages
    assert stages[0].recall_at_activation_on_these is None
    assert stages[1].recall_at_activation_on_these == main(stages[0].points).recall


def test_a_pattern_left_out_is_measured_at_its_own_threshold(made_up):
    asked = []

    def without(pattern):
        asked.append(pattern)
        own = made_up.truth.loc[made_up.truth["pattern"] == pattern, "registration_id"]
        scores = made_up.scores.copy()
        scores.loc[scores["registration_id"].isin(own), "score"] = 0.0
        return scores

    rows = found(made_up, leave_out=without).left_out
    assert asked == ["agent", "mule", "spread", "star"]
    assert {r.recall for r in rows} == {0.0}
    assert next(r for r in rows if r.pattern == "star").full_recall > 0.3


def test_the_ratio_is_against_the_best_baseline(evaluated):
    headline = evaluated.headline
    assert headline.ratio == headline.stages[0].recall / headline.best_baseline_recall


def test_steps_are_told_to_who_asks(made_up):
    told = []
    found(made_up, progress=told.append)
    assert "measuring activation" in told


def test_json_holds_no_number_that_is_none(evaluated):
    text = json.dumps(evaluated.to_json(), allow_nan=False)
    assert json.loads(text)["measured"]["simulated"] is True


def test_nothing_of_a_registration_is_in_the_findings(evaluated):
    text = json.dumps(evaluated.to_json())
    assert "tok1:" not in text
    assert "f00" not in text


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda s: s.drop(columns="decision"), "lack the column decision"),
        (lambda s: s.assign(score=1.2), "not a number from 0 to 1"),
        (lambda s: s.assign(score="high"), "not a number from 0 to 1"),
        (lambda s: s.assign(stage="day_2"), "a stage other than"),
        (lambda s: s.assign(decision="block"), "a decision other than"),
        (lambda s: pd.concat([s, s.head(1)]), "a registration twice"),
        (lambda s: s.assign(carrier_id="gamma"), "are these its scores"),
    ],
)
def test_a_table_that_is_not_of_scores_is_one_clear_sentence(made_up, spoil, words):
    with pytest.raises(BadInput, match=words):
        evaluate(spoil(made_up.scores), made_up.data, start=None)


def test_a_start_after_all_scores_leaves_too_little(made_up):
    with pytest.raises(TooLittleData, match="at or after the start"):
        evaluate(made_up.scores, made_up.data, start=pd.Timestamp("2027-01-01", tz="UTC"))


def test_a_folder_without_truth_and_labels_cannot_be_measured(made_up):
    (made_up.data / "truth.parquet").unlink()
    (made_up.data / "labels.parquet").unlink()
    with pytest.raises(BadInput, match="neither truth nor labels"):
        found(made_up)


def test_a_file_that_is_not_parquet_is_named(tmp_path):
    path = tmp_path / "scores.parquet"
    path.write_text("not parquet")
    with pytest.raises(BadInput, match=r"scores\.parquet cannot be read"):
        read_scores(path)
