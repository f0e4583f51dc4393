import json
import re
from html.parser import HTMLParser

import pytest

from detector.model import report
from detector.model.evaluate import evaluate

VOID = {"meta", "br", "img", "link", "hr", "input"}


class Reader(HTMLParser):
    """Collects ids and what is loaded, and notices elements that are never closed."""

    def __init__(self):
        super().__init__()
        self.ids, self.loaded, self.open = [], [], []

    def handle_starttag(self, tag, attrs):
        cells = dict(attrs)
        self.ids += [cells["id"]] if "id" in cells else []
        self.loaded += [v for k, v in attrs if k in ("src", "srcset", "data")]
        self.loaded += [cells.get("href")] if tag == "link" else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(page):
    reader = Reader()
    reader.feed(page)
    return reader


def test_the_page_needs_nothing_else(evaluated):
    page = report.html(evaluated)
    assert read(page).loaded == []
    assert "<script" not in page
    assert not re.search(r"@import|url\(\s*['\"]?(http|//|data)", page)


def test_the_page_is_well_formed_and_its_ids_are_unique(evaluated):
    reader = read(report.html(evaluated))
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))


def test_every_link_inside_the_page_leads_somewhere(evaluated):
    page = report.html(evaluated)
    assert set(re.findall(r'<a href="#([^"]+)"', page)) <= set(read(page).ids)


def test_every_picture_says_in_words_what_it_shows(evaluated):
    pictures = re.findall(r"<svg[^>]*>", report.html(evaluated))
    assert pictures
    assert all('aria-label="' in tag or 'aria-hidden="true"' in tag for tag in pictures)


def test_the_first_lines_say_what_was_measured_on_what_and_the_result(evaluated):
    head = report.html(evaluated).split("</header>")[0]
    main = evaluated.headline.stages[0]
    assert "Measured on a simulated country" in head
    assert f"{evaluated.measured.registrations:,} registrations at 2 carriers" in head
    assert f"{100 * main.recall:.0f} are found at registration" in head
    assert evaluated.headline.best_baseline in head


def test_a_report_on_verdicts_does_not_claim_a_truth(made_up):
    (made_up.data / "truth.parquet").unlink()
    page = report.html(evaluate(made_up.scores, made_up.data, start=None))
    assert "Measured on verdicts, not on the whole truth" in page
    assert "simulated country" not in page
    assert "Those without a verdict count as innocent" in page


def test_names_from_the_data_are_only_text(made_up):
    made_up.truth["pattern"] = made_up.truth["pattern"].replace("star", "<script>alert(1)</script>")
    made_up.truth.to_parquet(made_up.data / "truth.parquet")
    page = report.html(evaluate(made_up.scores, made_up.data, start=None))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_same_findings_give_the_same_bytes(evaluated):
    assert report.html(evaluated) == report.html(evaluated)


@pytest.mark.parametrize("name", ["report", "report.html", "report.json"])
def test_page_and_numbers_appear_side_by_side(evaluated, tmp_path, name):
    page, numbers = report.write(evaluated, tmp_path / "new" / name)
    assert (page.name, numbers.name) == ("report.html", "report.json")
    assert json.loads(numbers.read_text())["headline"]["rate"] == 0.001
    assert sorted(p.name for p in page.parent.iterdir()) == ["report.html", "report.json"]


def test_in_a_folder_the_report_gets_a_name_of_its_own(evaluated, tmp_path):
    assert report.write(evaluated, tmp_path)[0] == tmp_path / "evaluation.html"


def test_a_failure_leaves_nothing_half_written(evaluated, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "html", lambda _: "\udcff")
    with pytest.raises(UnicodeEncodeError):
        report.write(evaluated, tmp_path / "out" / "report")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_summary_fits_a_terminal_and_compares(evaluated):
    text = report.summary(evaluated)
    assert "at registration" in text
    assert "baseline: velocity rules" in text
    assert max(len(line) for line in text.splitlines()[4:10]) <= 110


def test_a_report_without_baselines_names_none(made_up):
    page = report.html(evaluate(made_up.scores, made_up.data, start=None))
    assert "Baseline:" not in page
    assert "best baseline" not in page
