"""What is found, and who is bothered, in countries of an author who taught nothing: each is left out in turn.

    python -m benchmarks.abroad [--lands outsiders strangers] [--kinds hard] [--registrations N] [--own]

A model is made as the champion is, but its lessons, the data it begins with, and what impressions are made by
leave the author out; it then
scores a country of theirs, of which it knows the first three fifths as history. With `--own` another one also
learned from what that country had reported by then, as a carrier's does. Printed for each: misuse found where
one honest registration in a thousand is bothered, when it is registered and after seven days; how many times
what the best baseline finds that is; the honest share that had to prove more when it registered; and the groups
that were bothered beyond the audit's limits, by any decision or at the top of the scores, at any stage.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from benchmarks import outsiders
from detector.audit import Audit
from detector.cli import MODELS
from detector.decision import Policy
from detector.intake import read_folder
from detector.lands import HOME, KINDS, LANDS
from detector.lands.countries import tables
from detector.model.evaluate import evaluate, read_scores
from detector.model.findings import Evaluation
from detector.model.recipe import Recipe
from detector.model.train import Lesson, train
from detector.output import write_scores
from detector.practice import lessons, other_impressions
from detector.pseudonym import Key, Pseudonymiser
from detector.registration import DataFolder
from detector.scoring import scores
from detector.simulate import write

EXAMINER = "outsiders"  # teaches nobody
AUTHORS = (*LANDS, EXAMINER)
LEARNED = 0.6  # of the country's registrations lie before what is scored
SEED = 11
BOTHERED = "step_up or hold"
HEAD = (
    f"{'author':<12}{'kind':<8}{'learned from':<13}{'registered':>11}{'day 7':>9}{'baseline':>10}"
    f"{'proves':>9}   bothered too much"
)


def country(author: str, kind: str, registrations: int, out: Path) -> Path:
    """A data folder of that author's."""
    if author == EXAMINER:
        frames = outsiders.tables(kind, size=registrations, seed=SEED)
        made: Mapping[str, pa.Table] = {
            name: pa.Table.from_pandas(frame, preserve_index=False)
            for name, frame in frames.items()
        }
    else:
        kinds = None if author == HOME else kind
        made = tables(author, registrations=registrations, seed=SEED, kind=kinds)
    write(made, out)
    return out


def taught(pseudonymiser: Pseudonymiser, recipe: Recipe) -> dict[str, list[Lesson]]:
    """Lessons by author, as many of each."""
    count = max(recipe.countries // len(recipe.lands), 1)
    return {
        land: lessons(replace(recipe, lands=(land,), countries=count), pseudonymiser, seed=SEED)
        for land in recipe.lands
    }


def measured(
    data: Path,
    folder: DataFolder,
    given: Sequence[Lesson],
    *,
    known: DataFolder | None = None,
    recipe: Recipe,
) -> Evaluation:
    """What a model does in the last part of a country that it begins with, or with `known` from elsewhere."""
    start = int(folder.registrations.at[int(len(folder.registrations) * LEARNED)])
    model = train(
        known or folder,
        given,
        recipe=recipe,
        policy=Policy.load(MODELS / "policy.toml"),
        until=sys.maxsize if known else start,
        seed=SEED,
        elsewhere=known is not None,
    ).model
    out = data / "scores.parquet"
    write_scores(scores(folder, model, start=start), out)
    since = pd.Timestamp(start, unit="us", tz="UTC")
    return evaluate(read_scores(out), data, start=since, baselines=known is not None)


def unacquainted(
    author: str, recipe: Recipe, pseudonymiser: Pseudonymiser
) -> AbstractContextManager[None]:
    """Impressions as by somebody who never saw a country of that author."""
    if author not in recipe.lands:
        return nullcontext()
    others = tuple(land for land in recipe.lands if land != author)
    return other_impressions(replace(recipe, lands=others), pseudonymiser)


def line(author: str, kind: str, learned: str, found: Evaluation) -> str:
    """One line of the table."""
    recall = {each.stage: each.recall or 0.0 for each in found.headline.stages}
    ratio = "" if found.headline.ratio is None else f"{found.headline.ratio:.1f} x"
    audits = [each for each in found.audits if each.bothered_by == BOTHERED]
    return (
        f"{author:<12}{kind:<8}{learned:<13}{recall['activation']:>11.1%}{recall['day_7']:>9.1%}"
        f"{ratio:>10}{audits[0].average:>9.2%}   {', '.join(sorted(set(beyond(found.audits)))) or 'nobody'}"
    )


def beyond(audits: Sequence[Audit]) -> Iterator[str]:
    """Groups whose whole interval lies beyond the limit, by a decision or among the top of the scores."""
    for audit in audits:
        yield from (rate.segment for rate in audit.segments if rate.verdict == "above")


def report(
    authors: Sequence[str], kinds: Sequence[str], registrations: int, *, recipe: Recipe, own: bool
) -> Iterator[str]:
    """The table, a line as soon as it is known."""
    pseudonymiser = Pseudonymiser(Key.fresh())
    practised = taught(pseudonymiser, recipe)
    yield HEAD
    for author in authors:
        others = [each for land, made in practised.items() if land != author for each in made]
        with unacquainted(author, recipe, pseudonymiser):
            for kind in kinds if author != HOME else kinds[:1]:  # home has no kinds
                with tempfile.TemporaryDirectory() as scratch:
                    data = country(author, kind, registrations, Path(scratch) / "country")
                    folder = read_folder(data, pseudonymiser)
                    known = others[0].folder
                    abroad = measured(data, folder, others[1:], known=known, recipe=recipe)
                    yield line(author, kind, "others", abroad)
                    if own:
                        theirs = measured(data, folder, others, recipe=recipe)
                        yield line(author, kind, "own too", theirs)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.abroad", description=__doc__)
    parser.add_argument("--lands", nargs="+", choices=AUTHORS, default=AUTHORS, metavar="AUTHOR")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["hard"])
    parser.add_argument("--registrations", type=int, default=100_000)
    parser.add_argument("--own", action="store_true", help="also with the country's own verdicts")
    given = parser.parse_args()
    recipe = Recipe.load(MODELS / "recipe.toml")
    for each in report(given.lands, given.kinds, given.registrations, recipe=recipe, own=given.own):
        print(each, flush=True)


if __name__ == "__main__":
    main()
