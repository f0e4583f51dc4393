"""A run in MLflow can be read by who finds it in the UI, and holds no row."""

from __future__ import annotations

from detector.model.tracking import EXPERIMENT, KIND, NOTE
from tests.model.promoting import Desk, desk, runs

__all__ = ["desk", "runs"]


def test_a_run_says_in_words_what_it_learned_from_and_how_to_read_it(
    runs: tuple[str, list[tuple[str, str]]], desk: Desk
) -> None:
    run, model = runs[1][0]

    found = desk.registry.client.get_run(run)

    assert found.data.tags[NOTE].startswith(f"Model `{model}`, learned from")
    assert "so these understate" in found.data.tags[NOTE]
    assert " to " in found.data.tags["data_window"]
    assert {name.split("_auc")[0] for name in found.data.metrics if name.endswith("_auc")} >= {
        "activation"
    }


def test_a_run_names_its_data_and_keeps_none_of_it(
    runs: tuple[str, list[tuple[str, str]]], desk: Desk
) -> None:
    (used,) = desk.registry.client.get_run(runs[1][0][0]).inputs.dataset_inputs

    assert used.dataset.name.startswith("registrations 20")
    assert used.dataset.digest == "f"
    assert used.dataset.profile in {None, "null"}


def test_the_ui_opens_on_training_and_says_that_the_alias_only_points(desk: Desk) -> None:
    experiment = desk.registry.client.get_experiment_by_name(EXPERIMENT)

    assert experiment.tags[KIND[0]] == KIND[1]
    assert "only points" in desk.registry.client.get_registered_model("simvigia").description
